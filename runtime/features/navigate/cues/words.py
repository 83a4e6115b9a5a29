"""What is said, in the wearer's language: one table (Fluent) for each, with its own plurals, order and units.

Errors::

    WordsError (ValueError)     the table lacks a message, or a message does not fit: a mistake in the .ftl file
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from runtime.features.navigate.following.state import Doubt
from runtime.features.navigate.routes.route import Lane, Maneuver, Name

if TYPE_CHECKING:  # brings Babel: the first HUD frame does not wait for it
    from fluent.runtime import FluentBundle

LANGUAGES = ("en", "zh")
_WAYS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")

_ROUNDED = ((50, 5), (250, 10), (1000, 50), (10_000, 100))

Value = str | int | float


class WordsError(ValueError):
    """The table lacks a message, or a message does not fit: a mistake in the .ftl file."""


class Words:
    """The sentences of one language. Raises WordsError for a language without a table."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise WordsError(f"no words in {language!r}: use one of {', '.join(LANGUAGES)}")
        self.language = language
        self._table = table(language)

    def say(self, key: str, values: Mapping[str, Value] | None = None) -> str:
        """The message ``key`` with its values filled in."""
        pattern = self._table.get_message(key).value if self._table.has_message(key) else None
        if pattern is None:
            raise WordsError(f"{self.language}.ftl has no message {key!r}")
        text, errors = self._table.format_pattern(pattern, dict(values or {}))
        if errors:
            raise WordsError(f"{self.language}.ftl: {key}: {errors[0]}")
        return str(text)

    def distance(self, metres: float) -> str:
        """ "35 m", "120 m", "650 m", "1 km", "1.2 km", "12 km": as ``round_metres`` has it."""
        rounded = round_metres(metres)
        if rounded < 1000:
            return self.say("distance-m", {"n": str(rounded)})
        return self.say("distance-km", {"n": f"{rounded / 1000:g}"})

    def prepare(self, maneuver: Maneuver, metres: float) -> str:
        """ "In 60 m, turn left onto Yuyuan Rd. 愚园路"."""
        values = {"distance": self.distance(metres), "text": self._whole(maneuver)}
        return _sentence(self.say("prepare", values))

    def cue(self, maneuver: Maneuver, then: Maneuver | None = None) -> str:
        """ "Turn left onto Yuyuan Rd.", or with what comes right behind it: "Turn left, then turn right"."""
        if then is None:
            return _sentence(self._whole(maneuver))
        return _sentence(self.say("then", {"first": self._whole(maneuver), "text": self._bare(then)}))

    def short(self, maneuver: Maneuver) -> str:
        """What to do in as few words as the HUD has room for; the street stands on a line of its own."""
        if maneuver.kind == "roundabout" and maneuver.exit:
            return _sentence(self.say("exit-short", {"n": maneuver.exit}))
        if maneuver.kind == "via":
            return _sentence(self.say("via-short"))
        if maneuver.kind == "arrive":  # not there yet
            return _sentence(self.say(_sided("arrive-short", maneuver)))
        return _sentence(self._bare(maneuver))

    def lanes(self, lanes: tuple[Lane, ...]) -> str:
        """Which lanes to take, "" where all will do or those to take do not lie side by side."""
        taken = [index for index, lane in enumerate(lanes) if lane.take]
        if not taken or len(taken) == len(lanes) or taken[-1] - taken[0] >= len(taken):
            return ""
        side = "left" if taken[0] == 0 else "right" if taken[-1] == len(lanes) - 1 else "middle"
        return _sentence(self.say(f"lanes-{side}", {"n": len(taken)}))

    def name(self, name: Name) -> str:
        """The street in the wearer's language, then as its signs have it: "Yuyuan Rd. 愚园路"."""
        return " ".join(text for text in self.names(name) if text)

    def names(self, name: Name) -> tuple[str, str]:
        """The name to read, and the one to look for on a sign, "" where that is the same."""
        mine = in_language(name, self.language) or (romanised(name) if self.language == "en" else "")
        return (mine, name.text) if mine and mine != name.text else (name.text, "")

    def signed(self, named: str, maneuver: Maneuver) -> str:
        """``named`` with what a sign there says behind it: "A4 towards Airport"."""
        if not maneuver.towards or maneuver.towards == maneuver.name.text:
            return named
        if not named:
            return self.towards(maneuver)
        return self.say("signed", {"text": named, "name": maneuver.towards})

    def towards(self, maneuver: Maneuver) -> str:
        """What to show where the heading is too vague for an arrow: "Towards Yuyuan Rd."."""
        named = maneuver.towards or self.names(maneuver.name)[0]
        return _sentence(self.say("towards", {"name": named}) if named else self._bare(maneuver))

    def arrived(self, maneuver: Maneuver) -> str:
        """The end, and on which side it is."""
        return self.say(_sided("arrived", maneuver))

    def off_route(self) -> str:
        """The wearer left the route."""
        return self.say("off-route")

    def wrong_way(self) -> str:
        """The wearer walks the route backwards."""
        return self.say("wrong-way")

    def sign(self, says: str, text: str) -> str:
        """What a street sign told of the way: that it is the right one, that it is another, or "" for nothing."""
        return self.say(f"sign-{says}", {"name": text}) if says in ("confirms", "contradicts") else ""

    def rejoined(self) -> str:
        """The wearer is back on the route."""
        return self.say("rejoined")

    def rerouting(self) -> str:
        """Another route is being asked for."""
        return self.say("rerouting")

    def doubt(self, doubt: Doubt) -> str:
        """Why the cue was taken down."""
        return self.say(doubt or "poor")

    def _whole(self, maneuver: Maneuver) -> str:
        text, named = self._bare(maneuver), self.name(maneuver.name)
        if maneuver.kind in ("arrive", "via", "u-turn"):
            return text
        if named:
            along = maneuver.kind in ("depart", "continue", "ferry") or maneuver.modifier == "straight"
            text = self.say("along" if along else "onto", {"text": text, "name": named})
        return self.signed(text, maneuver)

    def _bare(self, maneuver: Maneuver) -> str:
        match maneuver.kind:
            case "fork" if side := maneuver.side:
                return self.say(f"keep-{side}")
            case "turn" | "continue" | "fork":
                return self.say(_turn(maneuver))
            case "roundabout" if maneuver.exit:
                return self.say("roundabout-exit", {"n": maneuver.exit})
            case "exit roundabout":
                return self.say("leave-roundabout")
            case "u-turn":
                return self.say("go-uturn")
            case "depart":
                return self.say("depart", {"way": compass(maneuver.after)})
            case "arrive":
                return self.say(_sided("arrive", maneuver))
        return self.say(maneuver.kind)


@lru_cache(maxsize=len(LANGUAGES))
def table(language: str) -> FluentBundle:
    """The table of a language; read once. Raises WordsError for one that does not parse."""
    from fluent.runtime import FluentBundle, FluentResource
    from fluent.syntax.ast import Junk

    resource = FluentResource(source(language))
    if broken := [entry for entry in resource.body if isinstance(entry, Junk)]:
        raise WordsError(f"{language}.ftl: {broken[0].annotations[0].message}")
    # Marks around each value are for bidirectional text; the HUD's own layout takes care of that.
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(resource)
    return bundle


def source(language: str) -> str:
    """The table as its translator writes it."""
    return (files("runtime.features.navigate.cues") / f"{language}.ftl").read_text(encoding="utf-8")


def in_language(name: Name, language: str) -> str:
    """The name in a language, by its tag or a more exact one ("zh-Hans"); "" where there is none."""
    for tag, text in name.others.items():
        if _subtags(tag)[0] == language and not _is_romanised(tag):
            return text
    return ""


def romanised(name: Name) -> str:
    """The name in Latin letters ("zh-Latn", OpenStreetMap's "zh_pinyin"); "" where there is none."""
    return next((text for tag, text in name.others.items() if _is_romanised(tag)), "")


def _subtags(tag: str) -> list[str]:
    return tag.lower().replace("_", "-").split("-")


def _is_romanised(tag: str) -> bool:
    return not {"latn", "pinyin"}.isdisjoint(_subtags(tag))


def round_metres(metres: float) -> int:
    """As people say distances: by 5 below 50 m, by 10 below 250, by 50 below 1 km, by 100 below 10 km, then by 1 km.

    At least 5.
    """
    step = next((step for below, step in _ROUNDED if metres < below), 1000)
    return max(int(metres / step + 0.5) * step, 5)


def compass(degrees: float) -> str:
    """One of eight winds: "n", "ne", …"""
    return _WAYS[int((degrees % 360) / 45 + 0.5) % 8]


def _turn(maneuver: Maneuver) -> str:
    modifier = maneuver.modifier
    if modifier == "uturn":
        return "go-uturn"
    if modifier in ("", "straight"):
        return "go-continue" if maneuver.kind == "continue" else "go-straight"
    return f"turn-{modifier.replace(' ', '-')}"


def _sided(key: str, maneuver: Maneuver) -> str:
    return f"{key}-{maneuver.modifier}" if maneuver.modifier in ("left", "right") else key


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
