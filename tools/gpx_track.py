"""A recorded GPX track as fixes at their times (https://www.topografix.com/GPX/1/1/): read as a stream, however long.

Recorders write what they like, so nothing is taken on trust: points without a place on Earth or without a time are
left out, and so are those whose time goes back, until it goes on from there (the recorder's clock was set). XML that
is broken off is read as far as it is whole. Entities and external references are refused.
"""

from __future__ import annotations

import contextlib
import datetime
import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from drivers.base import Fix
from drivers.gnss.epochs import UERE_M
from drivers.gnss.ground import RADIUS_68
from runtime.core.clock import NS
from runtime.core.errors import RecordingError

ACCURACY_M = 8.0  # where the recorder tells no dilution: a telephone's, in a street
MOST_HDOP = 50.0
AGREED = 5  # points in a row whose time goes on, though behind the others: the clock was set
SET_S = 1.0  # what is taken for the time that passed while it was


class Track(msgspec.Struct):
    """What was read: ``fixes`` so far, points left out and why, and whether the file was whole."""

    fixes: int = 0
    nowhere: int = 0
    timeless: int = 0
    backwards: int = 0
    complete: bool = False


def is_gpx(path: Path) -> bool:
    """Whether the file begins as XML does; ``read_track`` tells more. Raises RecordingError."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error
    return (
        head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
    )


def read_track(path: Path, track: Track) -> Iterator[Fix]:
    """The fixes of every track in ``path``, their times strictly rising; ``track`` is kept up to date.

    Raises RecordingError for what is no GPX.
    """
    clock = _Clock()
    for point in _points(path, track):
        told = _told(point)
        place, time_s = _place(point), _time_s(told.get("time", ""))
        if place is None:
            track.nowhere += 1
        elif time_s is None:
            track.timeless += 1
        elif (at_s := clock.take(time_s)) is None:
            track.backwards += 1
        else:
            track.fixes += 1
            yield _fix(told, place, at_s, time_s)


class _Clock:
    """The recorder's times → times that only rise."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._shift_s = 0.0
        self._back_s, self._run = math.inf, 0

    def take(self, time_s: float) -> float | None:
        """The time to go by; None for one that goes back."""
        at_s = time_s + self._shift_s
        if self._last_s is not None and at_s <= self._last_s:
            self._run = self._run + 1 if time_s > self._back_s else 1
            self._back_s = time_s
            if self._run < AGREED:
                return None
            self._shift_s = self._last_s + SET_S - time_s
            at_s = self._last_s + SET_S
        self._last_s, self._back_s, self._run = at_s, math.inf, 0
        return at_s


def _points(path: Path, track: Track) -> Iterator[Element]:
    """Every ``trkpt`` whole; what was read is let go of, so that memory does not grow."""
    open_now: list[Element] = []
    inside = False
    try:
        with path.open("rb") as file:
            for event, node in iterparse(file, ("start", "end"), forbid_dtd=True):
                if event == "start":
                    if not open_now and _tag(node) != "gpx":
                        raise RecordingError(f"{path}: <{_tag(node)[:40]}> is no GPX")
                    open_now.append(node)
                    inside = inside or _tag(node) == "trkpt"
                    continue
                open_now.pop()
                if _tag(node) == "trkpt":
                    yield node
                    inside = False
                if open_now and not inside:
                    open_now[-1].remove(node)
        track.complete = True
    except DefusedXmlException as error:
        raise RecordingError(f"{path}: GPX has no document type and no entities") from error
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error
    except (ParseError, ValueError, LookupError) as error:
        if track.fixes == 0:
            raise RecordingError(f"{path}: this is no XML: {error}") from error


def _fix(told: dict[str, str], place: tuple[float, float], at_s: float, utc_s: float) -> Fix:
    hdop = _number(told.get("hdop", ""))
    known = hdop is not None and 0 < hdop <= MOST_HDOP
    accuracy = hdop * UERE_M / math.sqrt(2) * RADIUS_68 if known and hdop is not None else ACCURACY_M
    speed, course = _number(told.get("speed", "")), _number(told.get("course", ""))
    if speed is not None and speed < 0:
        speed = None
    if course is not None and not 0 <= course <= 360:
        course = None
    return Fix(round(at_s * NS), *place, accuracy, speed, course, utc_s=utc_s)


def _place(point: Element) -> tuple[float, float] | None:
    try:
        latitude, longitude = float(point.get("lat", "")), float(point.get("lon", ""))
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 360 else None


def _time_s(text: str) -> float | None:
    """ISO 8601, in UTC where it names no zone (GPX 1.1, wptType)."""
    with contextlib.suppress(ValueError, OverflowError):
        when = datetime.datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    return None


def _number(text: str) -> float | None:
    """A finite number."""
    with contextlib.suppress(ValueError):
        value = float(text)
        return value if math.isfinite(value) else None
    return None


def _told(point: Element) -> dict[str, str]:
    """What a point says, of GPX's own or in an extension, by tag; the first where one comes twice."""
    return {_tag(one): (one.text or "").strip() for one in reversed(list(point.iter()))}


def _tag(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]
