"""One ONNX graph's weights put in the place of another's, by the bytes of the files.

The library that could do it takes seconds to import and belongs to the builder. Protobuf's encoding:
protobuf.dev/programming-guides/encoding; the numbers of the fields: github.com/onnx/onnx, onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

GRAPH = 7  # of a ModelProto
INITIALIZER = 5  # of a GraphProto
NAME, LOCATION = 8, 14  # of a TensorProto
EXTERNAL = b"\x01"
LENGTH_DELIMITED = 2


def with_weights_of(graph: bytes, other: bytes) -> bytes:
    """``graph`` with each initializer that lies in a file of its own replaced by that of the same name in ``other``.

    Raises ValueError where ``other`` has no such one, or one of them is no ONNX file.
    """
    theirs = {
        _name(body): whole
        for number, inner, _ in fields(other)
        if number == GRAPH
        for part, body, whole in fields(inner)
        if part == INITIALIZER
    }
    made = []
    for number, inner, whole in fields(graph):
        made.append(_field(GRAPH, _replaced(inner, theirs)) if number == GRAPH else whole)
    return b"".join(made)


def fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The fields of a message in order: number, value, and all bytes of it. Raises ValueError."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                _, end = _varint(message, at)
            case 1:
                end = at + 8
            case 2:
                size, at = _varint(message, at)
                end = at + size
            case 5:
                end = at + 4
            case kind:
                raise ValueError(f"there is no wire type {kind}")
        if end > len(message):
            raise ValueError("the message is cut off")
        yield tag >> 3, message[at:end], message[start:end]
        at = end


def _replaced(graph: bytes, theirs: dict[bytes, bytes]) -> bytes:
    made = []
    for number, body, whole in fields(graph):
        if number == INITIALIZER and any(
            part == LOCATION and value == EXTERNAL for part, value, _ in fields(body)
        ):
            name = _name(body)
            if name not in theirs:  # its bytes would be looked for in the other's file
                raise ValueError(f"the other graph has no {name.decode(errors='replace')}")
            whole = theirs[name]
        made.append(whole)
    return b"".join(made)


def _name(tensor: bytes) -> bytes:
    return next((value for number, value, _ in fields(tensor) if number == NAME), b"")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number at ``at``, and where it ends."""
    value = shift = 0
    while at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("the message is cut off")


def _field(number: int, value: bytes) -> bytes:
    return _number(number << 3 | LENGTH_DELIMITED) + _number(len(value)) + value


def _number(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])
