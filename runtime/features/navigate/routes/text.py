"""Bytes of any of Unicode's encodings → UTF-8: some Windows programs write files in UTF-16."""

from __future__ import annotations

from runtime.features.navigate.routes.route import RouteFormatError

_MARKS = (  # the longer first: UTF-16's mark begins UTF-32's
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_UNMARKED = (
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x00{", "utf-16-be"),
)


def to_utf8(data: bytes) -> bytes:
    """The text without a byte order mark and without space around it. Raises RouteFormatError."""
    for start, encoding in (*_MARKS, *_UNMARKED):
        if data.startswith(start):
            try:
                data = data.decode(encoding).encode()
            except UnicodeDecodeError as error:
                raise RouteFormatError(f"this is no {encoding.upper()} text: byte {error.start}") from error
            break
    return data.removeprefix(b"\xef\xbb\xbf").strip()
