"""Sign reading: does a street sign that the wearer snapped confirm the next cue, contradict it, or say nothing?

Lines of text as an OCR reader gives them are compared with the names of the maneuvers around: in their own script, in
pinyin, with the usual abbreviations, and with as many misread characters as a name of that length may have. A sign
with another name than the next street's is no contradiction in itself: it may be the cross street's, which the
route does not know. It contradicts where it clearly names a way of this route that is nowhere near.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from runtime.features.navigate.following.line import metres, vector
from runtime.features.navigate.routes.route import Maneuver, Name, Route
from runtime.features.navigate.streets import Way, alike, only_kind, said_alike, ways

AHEAD, BEHIND = 4, 4  # maneuvers whose names are looked for
READ = 0.5  # confidence of a line that is believed
SURE = 0.8  # of one that may contradict
FAR_M = 150.0  # a street of the route is nowhere near from here on

Says = Literal["confirms", "contradicts", "nothing"]
Line = tuple[str, float]


class Sign(msgspec.Struct, frozen=True):
    """What a sign says about the route: ``maneuver`` is the index whose way it names, −1 for none; ``text`` the line.

    A sign that names the way the wearer is on confirms the maneuver that led there.
    """

    says: Says
    maneuver: int = -1
    text: str = ""


def read_sign(route: Route, following: int, lines: Iterable[Line]) -> Sign:
    """``lines``: text and confidence 0…1. ``following``: the next maneuver's index, as ``Following.next`` says."""
    read = [line for line in lines if line[1] >= READ]
    for index in (following, following - 1):
        if 0 <= index < len(route.maneuvers) and (text := _named(read, route.maneuvers[index])):
            return Sign("confirms", index, text)
    sure = [line for line in read if line[1] >= SURE]
    others = [*range(following + 1, following + AHEAD), *range(following - 2, following - 2 - BEHIND, -1)]
    for index in others:
        if 0 <= index < len(route.maneuvers) and (text := _named(sure, route.maneuvers[index])):
            near = _near(route, index, following)
            return Sign("nothing") if near else Sign("contradicts", index, text)
    return Sign("nothing")


def matches(text: str, name: Name) -> bool:
    """A line of a sign names this street."""
    return bool(_matching([(text, 1.0)], _ways_of(name)))


def _named(lines: list[Line], maneuver: Maneuver) -> str:
    """The line that names the maneuver's way or where a sign there leads, "" for none."""
    return _matching(lines, _ways_of(maneuver.name)) or _matching(lines, ways(maneuver.towards))


def _ways_of(name: Name) -> list[Way]:
    return [way for spelling in (name.text, *name.others.values()) for way in ways(spelling)]


def _matching(lines: list[Line], names: Sequence[Way]) -> str:
    seen = [(text, way) for text in _joined(lines) for way in ways(text)]
    han = [name for name in names if name.han]
    for text, way in sorted(seen, key=lambda pair: not pair[1].han):
        if not any(alike(way, name, exactly=bool(han)) for name in (han if way.han and han else names)):
            continue
        # 豫园路 and 愚园路 are both Yuyuan Rd.: ideographs that are said like the Latin line were read well.
        if not way.han and han and any(said_alike(way, other) for _, other in seen if other not in han):
            continue
        return text
    return ""


def _joined(lines: list[Line]) -> list[str]:
    """The texts, with the second line of a name ("PARK", "AVENUE") behind its first."""
    texts: list[str] = []
    for text, _ in lines:
        if texts and only_kind(text):
            texts[-1] = f"{texts[-1]} {text}"
        else:
            texts.append(text)
    return texts


def _near(route: Route, index: int, following: int) -> bool:
    """The way after maneuver ``index`` comes near the next maneuver: its sign may well stand here."""
    here = vector(*route.maneuvers[min(following, len(route.maneuvers) - 1)].point)
    end_m = route.maneuvers[index + 1].at_m if index + 1 < len(route.maneuvers) else route.length_m
    on_it = (route.along_m >= route.maneuvers[index].at_m) & (route.along_m <= end_m)
    return any(metres(here, vector(float(lat), float(lon))) <= FAR_M for lat, lon in route.line[on_it])
