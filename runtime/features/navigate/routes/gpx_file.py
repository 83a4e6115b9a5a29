"""A GPX file's lines, read as a stream: nothing is kept of it but places and what is to be done at them.

GPX 1.0 and 1.1 (https://www.topografix.com/GPX/1/1/) under any prefix, even one that is nowhere declared; BRouter's
turns in a comment; the ways between the points of Garmin's routes (GpxExtensions v3, "rpt"). A document type, with
which entities and files from outside would come, is refused as soon as it begins.
"""

from __future__ import annotations

import math
import re
from array import array
from xml.parsers import expat

import msgspec
import numpy as np

from runtime.features.navigate.routes.geometry import MOST_POINTS
from runtime.features.navigate.routes.gpx_hints import MOST_TEXT, TABLES, TEXTS, Hint, hint_of
from runtime.features.navigate.routes.putting import MOST_MANEUVERS
from runtime.features.navigate.routes.route import RouteError, RouteFormatError

CHUNK, MOST_TAG, MOST_DEPTH = 1 << 16, 1 << 22, 500
ASIAN = {"gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"}  # expat reads none of them
POINTS = {"rtept": "rte", "trkpt": "trk", "wpt": "wpt"}
READ = {*TEXTS, *TABLES, "offset"}
KNOWN = {*READ, *POINTS, "gpx", "rte", "trk", "time", "rpt", "viapoint"}
MOST_TAGS = 1000  # names that are remembered
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,30})[\"']")
_TURN = re.compile(r"\$turn\$ *(\w{1,8}) *; *(\d{1,8}) *; *(-?[\d.]{1,12}) *; *(-?[\d.]{1,12})")


class Mark(msgspec.Struct):
    """A point at which something is to be done: its ``index`` among its line's, and that among the track's or −1."""

    index: int
    point: tuple[float, float]
    hint: Hint
    place: str
    offset: int = -1


class Line(msgspec.Struct):
    """A route, a track, or the waypoints of a file. ``broken`` says what is wrong with its first bad point."""

    place: str
    flat: array[float]  # latitude, longitude, latitude, …
    marks: list[Mark] = []
    timed: int = 0
    kind: str = ""
    broken: str = ""
    nodes: int = 0

    def __len__(self) -> int:
        return len(self.flat) // 2


class GpxFile(msgspec.Struct):
    """``others``: how many waypoints there are; ``commented``: BRouter's turns in a comment."""

    routes: list[Line] = []
    tracks: list[Line] = []
    waypoints: Line = msgspec.field(default_factory=lambda: Line("wpt", array("d")))
    commented: list[Mark] = []
    mode: str = ""


def read_file(data: bytes) -> GpxFile:
    """The lines of a file. Raises RouteError."""
    found = _DECLARED.match(data)
    declared = found.group(1).decode().lower() if found else ""
    if declared in ASIAN:
        data, declared = data.decode(declared, "replace").encode(), "utf-8"
    reader = _Reader("utf-8" if declared.startswith("utf") else None)
    try:
        reader.read(data)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, RouteError):
            raise
        raise RouteFormatError(f"this is no XML: {error}") from error
    return reader.file


class _Reader:
    def __init__(self, encoding: str | None) -> None:
        self.file = GpxFile()
        self.parser = parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.StartDoctypeDeclHandler, parser.CommentHandler = self._doctype, self._comment
        self.depth = 0
        self.line: Line | None = None
        self.point, self.own = "", 0  # the tag of the point that is open, and its index
        self.track: Line | None = None
        self.tags: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.words: list[str] = []

    def read(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK):
            self.parser.Parse(data[start : start + CHUNK], False)
            if start - self.parser.CurrentByteIndex > MOST_TAG:
                raise RouteFormatError(f"line {self.parser.CurrentLineNumber}: a tag is longer than 4 MB")
        self.parser.Parse(b"", True)

    def _doctype(self, *_: object) -> None:
        raise RouteFormatError("GPX has no document type and no entities; write it without <!DOCTYPE …>")

    def _comment(self, text: str) -> None:
        if "$turn" in text:
            for number, found in enumerate(_TURN.finditer(text)):
                code, offset, longitude, latitude = found.groups()
                hint = hint_of({"turn": code})
                if hint is not None and number <= MOST_MANEUVERS and abs(float(latitude or 0)) <= 90:
                    place, point = f"comment: $turn$ {number}", (float(latitude), float(longitude))
                    self.file.commented.append(Mark(-1, point, hint, place, int(offset)))
        if mode := re.search(r"\$transport-mode\$(\w{1,20})\$", text):
            self.file.mode = mode.group(1)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        tag = self.tags.get(name)
        if tag is None:
            tag = self._tag(name)
        if not tag and 1 < self.depth < MOST_DEPTH:
            return
        if tag == "trkpt" and self.track is not None:  # a million of them
            self.point, self.own, self.line = tag, len(self.track.flat) >> 1, self.track
            try:
                self.track.flat.extend((float(attributes["lat"]), float(attributes["lon"])))
            except (KeyError, ValueError):
                self.track.flat.extend((math.nan, math.nan))
            return
        if self.depth == 1 and tag != "gpx":
            raise RouteFormatError(f"<{name.rpartition(':')[2][:40]}> is no GPX")
        if self.depth > MOST_DEPTH:
            raise RouteFormatError(f"line {self.parser.CurrentLineNumber}: deeper than {MOST_DEPTH} levels")
        if self.point:
            if tag in READ:
                self.parser.CharacterDataHandler = self.words.append
                self.words.clear()
            elif tag == "time" and self.line is not None:
                self.line.timed += 1
            elif tag == "rpt":
                self._add(attributes, "rpt")
            elif tag == "viapoint":
                self.texts["via"] = "1"
        elif tag in POINTS:
            self._open(tag, attributes)
        elif tag == "rte":
            self.line = Line(f"rte[{len(self.file.routes)}]", array("d"))
            self.file.routes.append(self.line)
        elif tag == "trk":
            self.line = self.track = Line(f"trk[{len(self.file.tracks)}]", array("d"))
            self.file.tracks.append(self.track)
        elif tag == "type" and self.line is not None:
            self.parser.CharacterDataHandler = self.words.append
            self.words.clear()

    def _tag(self, name: str) -> str:
        """The name without its prefix, "" for one that says nothing; remembered, as few are new."""
        tag = name.rpartition(":")[2].lower()
        tag = tag if tag in KNOWN else ""
        if len(self.tags) < MOST_TAGS:
            self.tags[name] = tag
        return tag

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "wpt":
            self.line = self.file.waypoints
        if self.line is not None and tag != "trkpt" and self.line.place.startswith(POINTS[tag]):
            self.point, self.own = tag, len(self.line.flat) >> 1
            self._add(attributes, tag)
            self.line.nodes += 1

    def _add(self, attributes: dict[str, str], tag: str) -> None:
        line = self.line
        if line is None or line.broken:
            return
        if len(line.flat) >= 2 * MOST_POINTS:
            raise RouteError(f"{line.place}: more than {MOST_POINTS} points: simplify it, or cut it in two")
        try:
            latitude, longitude = float(attributes["lat"]), float(attributes["lon"])
        except (KeyError, ValueError):
            line.broken = f"{line.place}.{tag}[{line.nodes}]: lat and lon must be numbers"
            return
        if not (-90 <= latitude <= 90 and -360 <= longitude <= 360):  # no NaN is
            line.broken = f"{line.place}.{tag}[{line.nodes}]: {latitude:g}, {longitude:g} is nowhere on Earth"
            return
        line.flat.extend((latitude, longitude))

    def _end(self, name: str) -> None:
        self.depth -= 1
        tag = self.tags.get(name)
        if tag is None:
            tag = self._tag(name)
        if not tag:
            return
        if tag == self.point:
            if self.texts or tag == "wpt":
                self._close()
            self.point = ""
        elif self.parser.CharacterDataHandler and tag in READ:
            self.parser.CharacterDataHandler = None
            text = "".join(self.words)[:MOST_TEXT]
            if self.point:
                self.texts.setdefault(tag, text)
            elif self.line is not None and not self.line.kind:
                self.line.kind = text.strip().lower()
        elif tag in ("rte", "trk"):
            if self.track is not None:
                self._check(self.track)
            self.line = self.track = None

    def _check(self, track: Line) -> None:
        """Names the first of the track's points that is none."""
        points = np.array(track.flat).reshape(-1, 2)
        if len(points) > MOST_POINTS:
            raise RouteError(f"{track.place}: more than {MOST_POINTS} points: simplify it, or cut it in two")
        good = (np.abs(points) <= (90.0, 360.0)).all(axis=1)  # no NaN is
        if not good.all():
            index = int(np.argmin(good))
            latitude, longitude = points[index]
            where = f"{track.place}.trkpt[{index}]"
            track.broken = (
                f"{where}: lat and lon must be numbers"
                if np.isnan(points[index]).any()
                else f"{where}: {latitude:g}, {longitude:g} is nowhere on Earth"
            )

    def _close(self) -> None:
        tag, texts, line = self.point, self.texts, self.line
        if tag == "wpt":
            self.line = None
        if line is None:
            return
        self.texts = {}
        if len(line.marks) > MOST_MANEUVERS or line.broken:
            return
        hint = hint_of(texts)
        if hint is None and texts.pop("via", "") and tag == "rtept":
            hint = hint_of({"sign": "5", **texts})
        if hint is None or self.own >= len(line):
            return
        point = line.flat[2 * self.own], line.flat[2 * self.own + 1]
        offset = texts.get("offset", "").strip()
        place = f"{line.place}.{tag}[{self.own if tag == 'trkpt' else line.nodes - 1}]"
        line.marks.append(Mark(self.own, point, hint, place, int(offset) if offset.isdecimal() else -1))
