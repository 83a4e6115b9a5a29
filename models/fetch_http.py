"""A file by HTTP, resumed where an earlier try broke off.

What came so far lies in a ``.part`` file beside a note of the answer's ETag; a resume asks for the rest with
``If-Range`` (RFC 9110 §13.1.5), so that a file that has changed in between begins anew.
"""

from __future__ import annotations

import email.utils
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from models.base import FetchError, RefusedError

T = TypeVar("T")
Progress = Callable[[int, int], None]
Sleep = Callable[[float], object]

CHUNK = 1 << 16
LONGEST_WAIT_S = 60.0
LOGIN = "Authorization"
WHAT_TO_DO = {
    401: "it wants a login",
    403: "it refuses",
    404: "it has no such file",
    410: "it has the file no more",
}


class _Retry(Exception):
    """Worth another try after ``wait_s``; the message is what the source answered."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class _Redirects(urllib.request.HTTPRedirectHandler):
    """As the library's, which forgets a login at every redirect, but for one to the same server."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        login = req.unredirected_hdrs.get(LOGIN)
        if following is not None and login and _server(newurl) == _server(req.full_url):
            following.add_unredirected_header(LOGIN, login)
        return following


def _server(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


_OPENER = urllib.request.build_opener(_Redirects)


class Request(msgspec.Struct, frozen=True):
    """What to get and where to put it: exactly ``bytes`` bytes of ``url`` into ``part``.

    ``token`` logs in at the URL's own server; a redirect takes it to no other.
    """

    url: str
    part: Path
    bytes: int
    token: str = ""
    timeout_s: float = 20.0
    attempts: int = 4


def read(url: str, most: int, sleep: Sleep, token: str = "") -> bytes:
    """A small document, at most ``most`` bytes, in memory. Raises FetchError as ``fetch`` does."""
    request = Request(url, Path(), most, token)

    def once(_progress: Progress) -> bytes:
        with _ask(request, 0) as answer:
            data = b"".join(iter(lambda: _read(answer), b""))
        if len(data) > most:
            raise FetchError(f"it sends more than {most} bytes: not what is wanted")
        return data

    return _patiently(once, request, sleep, lambda _done, _total: None)


def fetch(request: Request, sleep: Sleep, progress: Progress) -> None:
    """Fill ``request.part``; it is kept when this fails half-way, for the next try to go on from.

    Raises RefusedError when the source has said no, FetchError when it has failed ``attempts`` times, OSError for
    the disk's.
    """
    _patiently(lambda heard: _once(request, heard), request, sleep, progress)


def _patiently(once: Callable[[Progress], T], request: Request, sleep: Sleep, progress: Progress) -> T:
    said = ""
    for attempt in range(request.attempts):
        try:
            return once(progress)
        except _Retry as problem:
            said = str(problem)
            if problem.wait_s > LONGEST_WAIT_S:
                raise FetchError(f"{said}; asks to wait {problem.wait_s:.0f} s: try again later") from problem
            if attempt + 1 < request.attempts:
                sleep(problem.wait_s or 2.0**attempt)
    raise FetchError(f"{said}, {request.attempts} times in a row")


def _once(request: Request, progress: Progress) -> None:
    have = _resumable(request)
    with _ask(request, have) as answer:
        if answer.status == 206 and not _starts_at(answer, have):
            forget(request.part)
            raise _Retry("it sends another part than was asked for", 0)
        whole = answer.status != 206  # the first try, or it has changed since
        with request.part.open("wb" if whole else "ab") as part:
            if whole:
                have = 0
                _note(request).write_bytes(_validator(request, answer))
            _copy(answer, part, have, request, progress)


def _ask(request: Request, have: int) -> http.client.HTTPResponse:
    headers = {"Accept-Encoding": "identity", "User-Agent": "browline"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": _noted(request)[1]}
    asked = urllib.request.Request(request.url, headers=headers)
    if request.token:
        asked.add_unredirected_header(LOGIN, f"Bearer {request.token}")
    try:
        answer: http.client.HTTPResponse = _OPENER.open(asked, timeout=request.timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(request, error) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _Retry("no answer in time", 0) from error
        raise FetchError(f"can't be reached ({error.reason}): is this machine online?") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Retry(f"no answer ({error or type(error).__name__})", 0) from error
    return answer


def _refusal(request: Request, error: urllib.error.HTTPError) -> Exception:
    if error.code == 416:  # what we have is longer than the file now is
        forget(request.part)
        return _Retry("the file has changed", 0)
    if error.code == 429 or error.code >= 500:
        return _Retry(f"HTTP {error.code} {error.reason}", _retry_after(error))
    hint = WHAT_TO_DO.get(error.code, str(error.reason))
    return RefusedError(f"HTTP {error.code}: {hint}", error.code)


def _retry_after(error: urllib.error.HTTPError) -> float:
    """Seconds to wait; a date counts from the answer's own, so that no clock is needed (RFC 9110 §10.2.3)."""
    value = error.headers.get("Retry-After", "")
    if value.strip().isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
        now = email.utils.parsedate_to_datetime(error.headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _copy(
    answer: http.client.HTTPResponse, part: IO[bytes], have: int, request: Request, progress: Progress
) -> None:
    while chunk := _read(answer):
        have += len(chunk)
        if have > request.bytes:
            forget(request.part)
            raise FetchError(f"it sends more than {request.bytes} bytes: not the file that is wanted")
        part.write(chunk)
        progress(have, request.bytes)
    part.flush()
    if have < request.bytes:
        raise _Retry(f"the connection was cut at {have} of {request.bytes} bytes", 0)


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Retry(f"the connection was cut ({error or type(error).__name__})", 0) from error


def forget(part: Path) -> None:
    """Remove a partial file and what was noted of it."""
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".from").unlink(missing_ok=True)


def _note(request: Request) -> Path:
    return request.part.with_name(request.part.name + ".from")


def _noted(request: Request) -> tuple[str, str]:
    try:
        url, validator = msgspec.json.decode(_note(request).read_bytes(), type=tuple[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return "", ""
    return url, validator


def _validator(request: Request, answer: http.client.HTTPResponse) -> bytes:
    etag = answer.headers.get("ETag", "")
    strong = "" if etag.startswith("W/") else etag  # a weak one promises nothing about single bytes
    return msgspec.json.encode((request.url, strong or answer.headers.get("Last-Modified", "")))


def _resumable(request: Request) -> int:
    """How many bytes of this very source are there already; 0 starts anew."""
    url, validator = _noted(request)
    if url != request.url or not validator or not request.part.is_file():
        return 0
    size = request.part.stat().st_size
    return size if size < request.bytes else 0


def _starts_at(answer: http.client.HTTPResponse, have: int) -> bool:
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == have
