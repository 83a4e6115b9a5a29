"""What is written at a point of a GPX file → the turn to be made there, where it is clear.

Codes first: OsmAnd's and BRouter's ("TSLR", "RNDB2"), Locus's and OruxMaps' numbers, GraphHopper's signs. Then words,
as Garmin, RideWithGPS and GraphHopper write them ("Turn right onto Moore Rd"). A side alone makes no turn: "the hut
is on the right" is none, "right" as all of a text is one. Numbers from BRouter's Formatter.java and GraphHopper's
Instruction.java.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.route import Kind, Modifier, Name

Told = tuple[Kind, Modifier]
_LEFT: Told = ("turn", "left")
_RIGHT: Told = ("turn", "right")
_SLIGHT_LEFT: Told = ("turn", "slight left")
_SLIGHT_RIGHT: Told = ("turn", "slight right")
_SHARP_LEFT: Told = ("turn", "sharp left")
_SHARP_RIGHT: Told = ("turn", "sharp right")
_BACK: Told = ("u-turn", "uturn")
_ON: Told = ("continue", "straight")
CODES: dict[str, Told] = {
    "C": _ON, "TL": _LEFT, "TR": _RIGHT, "TSLL": _SLIGHT_LEFT, "TSLR": _SLIGHT_RIGHT, "TSHL": _SHARP_LEFT,
    "TSHR": _SHARP_RIGHT, "KL": _SLIGHT_LEFT, "KR": _SLIGHT_RIGHT, "EL": _SLIGHT_LEFT, "ER": _SLIGHT_RIGHT,
    "TU": _BACK, "TLU": _BACK, "TRU": _BACK,
}  # fmt: skip
SIGNS: dict[str, Told] = {
    "-98": _BACK, "-8": _BACK, "8": _BACK, "-7": _SLIGHT_LEFT, "7": _SLIGHT_RIGHT, "-3": _SHARP_LEFT, "-2": _LEFT,
    "-1": _SLIGHT_LEFT, "0": _ON, "1": _SLIGHT_RIGHT, "2": _RIGHT, "3": _SHARP_RIGHT, "5": ("via", ""),
    "6": ("roundabout", ""), "-6": ("exit roundabout", ""),
}  # fmt: skip
LOCUS: dict[str, Told] = {
    "1": _ON, "3": _SLIGHT_LEFT, "4": _LEFT, "5": _SHARP_LEFT, "6": _SLIGHT_RIGHT, "7": _RIGHT, "8": _SHARP_RIGHT,
    "9": _SLIGHT_LEFT, "10": _SLIGHT_RIGHT, "12": _BACK, "13": _BACK, "14": _BACK,
}  # fmt: skip
ORUX: dict[str, Told] = {
    "1000": _LEFT, "1001": _RIGHT, "1002": _ON, "1003": _BACK, "1014": _SLIGHT_RIGHT, "1015": _SLIGHT_LEFT,
    "1016": _SLIGHT_RIGHT, "1017": _SLIGHT_LEFT, "1018": _SHARP_RIGHT, "1019": _SHARP_LEFT,
}  # fmt: skip
LOCUS_EXIT, ORUX_EXIT = 26, 1008  # and the number of the exit
TABLES = {"turn": CODES, "turn-type": CODES, "sign": SIGNS, "rtepointaction": LOCUS, "ext": ORUX}
_TYPES = ("type", "sym")  # where some write a turn's code as well
_CODED = {*TABLES, *_TYPES}
TEXTS = ("name", "cmt", "desc", "type", "sym")
MOST_TEXT = 300  # characters of a text that are looked at

_WORD = {
    "left": r"left|links|gauche|izquierda|sinistra|左",
    "right": r"right|rechts|droite|derecha|destra|右",
}
_START = r"(?<![a-z])"
_SIDE = re.compile("|".join(rf"(?P<{side}>{_START}(?:{words}))" for side, words in _WORD.items()))
_ANY = "|".join(_WORD.values())
_ORDER = re.compile(  # a verb right before the side, or right behind it as in German and Chinese
    rf"{_START}(?:turn|bear|keep|veer|fork|merge|sharp|slight|take the|tourne|serre|prend|gir|tuerza|svolt|volt)"
    rf".{{0,25}}{_START}(?:{_ANY})"
    rf"|{_START}(?:go|head|stay|exit|make a|take a|continue)\W+(?:{_ANY})"
    rf"|(?:{_ANY}).{{0,12}}(?:turn|abbiegen|halten)|[左右].?[转轉拐]|[向靠][左右]|[左右]前方"
)
_WHOLE = re.compile(
    r"(?:(?:turn|keep|stay|bear|exit|sharp|slight)[ _-])?(?:left|right|links|rechts)(?:[ _-](?:sharp|slight|turn))?"
)
_U_TURN = re.compile(r"u[- _]?turn|make a u|wenden|demi-tour|掉头|掉頭")
_ROUND = re.compile(
    r"roundabout|rotary|traffic circle|kreisverkehr|rond-point|rotonda|环岛|環島|take exit \d|^rndb|^rnlb"
)
_EXIT = re.compile(
    r"exit (\d{1,2})|(\d{1,2})(?:st|nd|rd|th|\.|er|e|ème)? (?:exit|ausfahrt|sortie)|roundabout_e(\d{1,2})"
)
_SHARP, _SLIGHT = (
    re.compile(r"sharp|scharf|急"),
    re.compile(r"slight|bear|keep|veer|stay|leicht|halten|serre|左前|右前|靠"),
)
_ONTO = re.compile(r"(?:(?:onto|on to|into|auf|sur)\s|进入|進入)\s*(.{1,120})$", re.IGNORECASE)
_PLAIN = re.compile(r"(?:straight|continue)")


class Hint(msgspec.Struct, frozen=True):
    """What a point says is to be done there, and onto which way; ``exit`` of a roundabout, 0 where unknown."""

    kind: Kind
    modifier: Modifier
    name: Name = Name("")
    exit: int = 0


def hint_of(texts: dict[str, str]) -> Hint | None:
    """``texts``: the point's elements by their names without prefix, in lower case. None where no turn is clear."""
    said = None if texts.keys().isdisjoint(_CODED) else _coded(texts)
    if said is None:
        said = next((told for key in TEXTS if key in texts and (told := _in_words(texts[key]))), None)
    if said is None:
        return None
    kind, modifier, exit_number = said
    return Hint(kind, modifier, _name(texts), exit_number)


def _coded(texts: dict[str, str]) -> tuple[Kind, Modifier, int] | None:
    for key, table in TABLES.items():
        if (code := texts.get(key, "").strip().upper()) and (told := _by_code(code, table)):
            return told
    for key in _TYPES:
        code = texts.get(key, "").strip().upper()
        if len(code) > 1 and (told := _by_code(code, CODES)):
            return told
    return None


def _by_code(code: str, table: dict[str, Told]) -> tuple[Kind, Modifier, int] | None:
    if code in table:
        return (*table[code], 0)
    if table is CODES and (found := re.fullmatch(r"RN[DL]B(\d{1,2})", code)):
        return "roundabout", "", int(found.group(1))
    first = {id(LOCUS): LOCUS_EXIT, id(ORUX): ORUX_EXIT}.get(id(table))
    if first and re.fullmatch(r"\d{1,4}", code) and 0 < int(code) - first < 6:
        return "roundabout", "", int(code) - first
    return None


@lru_cache(256)  # planners write the same few words at a million points
def _in_words(text: str) -> tuple[Kind, Modifier, int] | None:
    words = text.strip()[:MOST_TEXT].casefold()
    if not words:
        return None
    if _U_TURN.search(words):
        return "u-turn", "uturn", 0
    if _ROUND.search(words):
        found = _EXIT.search(words)
        return "roundabout", "", int(next(filter(None, found.groups()))) if found else 0
    if _PLAIN.fullmatch(words) or words.startswith("continue onto "):
        return "continue", "straight", 0
    side = _SIDE.search(words)
    if side is None or not (_WHOLE.fullmatch(words) or _ORDER.search(words)):
        return None
    hard = "sharp " if _SHARP.search(words) else "slight " if _SLIGHT.search(words) else ""
    return "turn", f"{hard}{side.lastgroup}", 0  # type: ignore[return-value]


def _name(texts: dict[str, str]) -> Name:
    """The way's, out of "Turn left onto Main St"; else the point's own where it is no number and no order itself."""
    for key in ("desc", "cmt", "name"):
        if found := _ONTO.search(texts.get(key, "").strip()[:MOST_TEXT]):
            return name_of(found.group(1).rstrip(" ."))
    name = texts.get("name", "").strip()[:MOST_TEXT]
    return (
        Name("")
        if not name or re.fullmatch(r"[\W\d_]*|[A-Z]{0,4}\d+", name) or _in_words(name)
        else name_of(name)
    )
