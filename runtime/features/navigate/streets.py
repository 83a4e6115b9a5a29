"""Names of streets taken apart, so that 愚园路, YUYUAN LU and Yuyuan Rd. are found to be one and the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec
from pypinyin import lazy_pinyin

from models.speech.chinese import simplified

LETTERS_AN_ERROR = 6  # a shorter name must be read without one
MOST_ERRORS = 2
SHORTEST = 3  # letters of a name that can be told from noise

_TYPES = {
    "road": "rd", "lu": "rd", "street": "st", "str": "st", "jie": "st", "dajie": "st", "avenue": "ave", "av": "ave",
    "dadao": "ave", "boulevard": "blvd", "bd": "blvd", "lane": "ln", "xiang": "ln", "nong": "ln", "drive": "dr",
    "highway": "hwy", "gonglu": "hwy", "square": "sq", "place": "pl", "court": "ct", "terrace": "ter",
    "parkway": "pkwy", "saint": "st", "mount": "mt",
}  # fmt: skip
_KINDS = frozenset(_TYPES.values()) - {"mt"}
_WINDS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "bei": "n", "nan": "s", "dong": "e", "xi": "w",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "middle": "m", "central": "m",
    "zhong": "m", "mid": "m",
}  # fmt: skip
_SHORT_WINDS = frozenset(_WINDS.values())
_HAN_WINDS = {"东": "e", "西": "w", "南": "s", "北": "n", "中": "m"}
_HAN_KINDS = {"公路": "hwy", "大道": "ave", "大街": "st", "路": "rd", "街": "st", "巷": "ln", "弄": "ln"}
_HAN_NUMBERS = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6"}
_HAN_NAME = re.compile(
    r"(?P<stem>[㐀-鿿]+?)(?P<wind>[东西南北中])?(?P<number>[一二三四五六])?(?P<kind>公路|大道|大街|路|街|巷|弄)"
)
_HAN = re.compile(r"[㐀-鿿]+")
_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_PINYIN_KINDS = ("gonglu", "dadao", "dajie", "lu", "jie")
_LOOKALIKE = str.maketrans("015", "ols")  # what a reader takes for each other in a word of letters


class Way(msgspec.Struct, frozen=True):
    """A name's own word, its kind ("rd", "st", …) and its compass part, "" where it has none; ``han``: ideographs."""

    stem: str
    kind: str = ""
    wind: str = ""
    han: bool = False


@lru_cache(maxsize=512)
def ways(text: str) -> tuple[Way, ...]:
    """The ways that a line of text may name; none for a line of numbers and winds like "西 315 W"."""
    text = unicodedata.normalize("NFKC", text)
    han = [way for run in _HAN.findall(simplified([text])[0]) for way in _ideographs(run)]
    latin = _latin(_HAN.sub(" ", text))
    return (*han, latin) if latin else tuple(han)


def alike(seen: Way, name: Way, *, exactly: bool = False) -> bool:
    """Both name one street, up to what a reader may have misread; ``exactly`` allows no such thing."""
    if seen.wind and name.wind and seen.wind != name.wind:
        return False
    if seen.han and name.han:
        same_kind = not (seen.kind and name.kind) or seen.kind == name.kind
        return same_kind and (not name.wind or seen.wind == name.wind) and _alike_han(seen.stem, name.stem)
    if _other_kind(seen, name):
        return False
    one, other = (_pinyin(way.stem) if way.han else way.stem for way in (seen, name))
    return _alike_latin(one, other, exactly) or (not seen.kind and one in _in_one_word(other, name.kind))


def _other_kind(seen: Way, name: Way) -> bool:
    """A street is no avenue; but between scripts only 路 is sure to be a road and 街 a street."""
    kinds = {seen.kind, name.kind}
    if "" in kinds or len(kinds) == 1:
        return False
    return seen.han == name.han or kinds == {"rd", "st"}


def _in_one_word(stem: str, kind: str) -> set[str]:
    """What is left of a name whose blanks were not read: "YUYUANRD"."""
    return {
        stem + word for word in (kind, *(word for word, short in _TYPES.items() if short == kind)) if word
    }


def _ideographs(run: str) -> list[Way]:
    found = []
    for match in _HAN_NAME.finditer(run):
        stem, wind = match["stem"], match["wind"]
        number = _HAN_NUMBERS.get(match["number"] or "", "")
        found.append(Way(stem + number, _HAN_KINDS[match["kind"]], _HAN_WINDS.get(wind or "", ""), True))
    if not found and len(run) >= 2:
        found.append(Way(run, han=True))
    return found


def _latin(text: str) -> Way | None:
    # A bare number is a house's, or a distance; 42nd is a name. An apostrophe parts syllables only: Xi'an is Xian.
    text = re.sub(r"[’'`]", "", text)
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    whole = [word for word in _WORD.findall(plain.casefold()) if not word.isdigit()]
    words = [_word(word) for word in whole]
    kind = wind = ""
    if len(words) > 1 and words[-1] in _SHORT_WINDS:
        wind = words.pop()
    if len(words) > 1 and words[-1] in _KINDS:
        kind = words.pop()
    for end in (-1, 0):
        if len(words) > 1 and not wind and words[end] in _SHORT_WINDS:
            wind = words.pop(end)
    # West Street is a street, not a wind.
    stem = whole[0] if len(words) == 1 and kind and words[0] in _SHORT_WINDS else "".join(words)
    if not kind:
        stem, kind = _suffix(stem)
    readable = len(stem) >= SHORTEST or (stem.isdigit() and kind)
    return Way(stem, kind, wind) if readable else None


def _word(word: str) -> str:
    word = _WINDS.get(word, _TYPES.get(word, word))
    if match := _ORDINAL.fullmatch(word):
        return match[1]
    return word if word.isdigit() else word.translate(_LOOKALIKE)


def _suffix(stem: str) -> tuple[str, str]:
    """Pinyin is often written in one word: "Yuyuanlu"."""
    for suffix in _PINYIN_KINDS:
        if stem.endswith(suffix) and len(stem) >= len(suffix) + 4:
            return stem.removesuffix(suffix), _TYPES[suffix]
    return stem, ""


def _pinyin(stem: str) -> str:
    return "".join(lazy_pinyin(stem)).replace("ü", "v")


def _alike_han(one: str, other: str) -> bool:
    if one == other:
        return True
    if len(one) == len(other) and set(one) & set(other) and _pinyin(one) == _pinyin(other):
        return True  # 愚圆 for 愚园
    return min(len(one), len(other)) >= 3 and errors(one, other) <= len(other) // 3


def _alike_latin(one: str, other: str, exactly: bool) -> bool:
    numbered = any(c.isdigit() for c in one + other)
    allowed = 0 if exactly or numbered else min(len(other) // LETTERS_AN_ERROR, MOST_ERRORS)
    if one == other:
        return True
    return bool(one and other) and errors(one.replace("rn", "m"), other.replace("rn", "m")) <= allowed


def errors(one: str, other: str) -> int:
    """Levenshtein's distance: characters to insert, delete or change."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]
