"""Names of streets taken apart, so that 愚园路, YUYUAN LU and Yuyuan Rd. are found to be one and the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec
from pypinyin import lazy_pinyin

from models.speech.chinese import simplified
from runtime.features.navigate.letters import same_word

SHORTEST = 3  # letters of a name that can be told from noise

_TYPES = {
    "road": "rd", "lu": "rd", "street": "st", "str": "st", "jie": "st", "dajie": "st", "avenue": "ave", "av": "ave",
    "dadao": "ave", "boulevard": "blvd", "bd": "blvd", "lane": "ln", "xiang": "ln", "nong": "ln", "drive": "dr",
    "highway": "hwy", "gonglu": "hwy", "square": "sq", "place": "pl", "court": "ct", "terrace": "ter",
    "parkway": "pkwy", "saint": "st", "mount": "mt", "strasse": "st",
}  # fmt: skip
_KINDS = frozenset(_TYPES.values()) - {"mt"}
_WINDS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "bei": "n", "nan": "s", "dong": "e", "xi": "w",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "middle": "m", "central": "m",
    "zhong": "m", "mid": "m",
}  # fmt: skip
_SHORT_WINDS = frozenset(_WINDS.values())
_PINYIN_WINDS = {"bei": "n", "nan": "s", "dong": "e", "xi": "w", "zhong": "m"}
_HAN_WINDS = {"东": "e", "西": "w", "南": "s", "北": "n", "中": "m"}
_HAN_KINDS = {"公路": "hwy", "大道": "ave", "大街": "st", "路": "rd", "街": "st", "巷": "ln", "弄": "ln"}
_HAN_NUMBERS = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6"}
_SAID = {"陕": "shaan", "长": "chang"}  # as place names have them, the first lest it be 山西
_PINYIN_NUMBERS = {"1": "yi", "2": "er", "3": "san", "4": "si", "5": "wu", "6": "liu"}
# What the English on a sign calls a 路, 街, 大道; 人民大道 is no Renmin Rd.
_TRANSLATED = {
    "": {""}, "rd": {"rd"}, "st": {"st", "ave"}, "ave": {"ave", "blvd", "pkwy"}, "hwy": {"hwy", "rd"}, "ln": {"ln"},
}  # fmt: skip
_HAN_NAME = re.compile(
    r"(?P<stem>[㐀-鿿]+?)(?P<wind>[东西南北中])?(?P<number>[一二三四五六])?(?P<kind>公路|大道|大街|路|街|巷|弄)"
)
_HAN_BEHIND = re.compile(r"[东西南北中]?[号弄段口]?")  # of a street's name: else it is a school's or a shop's
_HAN = re.compile(r"[㐀-鿿]+")
_HAN_BLANK = re.compile(r"(?<=[㐀-鿿])\s+(?=[㐀-鿿])")
_WORD = re.compile(r"[^\W_]+")
# (E1), No.1, Dong 1 Lu
_NUMBERED = re.compile(
    r"\(\s*(?P<wind>[nsewm])\.?\s*(\d)\s*\)|\bno\.?\s*(\d)\b|\b(?P<said>dong|xi|nan|bei|zhong)\s+(\d)(?=\s+lu\b)"
)
_POSTCODE = re.compile(r"(?:[nesw]|n[ew]|s[ew]|[ew]c)\d{1,2}[a-z]?")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_ORDINALS = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7",
    "eighth": "8", "ninth": "9", "tenth": "10", "eleventh": "11", "twelfth": "12",
}  # fmt: skip
_SUFFIXES = ("gonglu", "dadao", "dajie", "lu", "jie", "strasse", "str")


class Way(msgspec.Struct, frozen=True):
    """A name's own word, its kind ("rd", "st", …) and its compass part, "" where it has none; ``han``: ideographs.

    The number of 中山东一路 stands behind its word.
    """

    stem: str
    kind: str = ""
    wind: str = ""
    han: bool = False


@lru_cache(maxsize=512)
def ways(text: str) -> tuple[Way, ...]:
    """The ways that a line of text may name; none for a line of numbers and winds like "西 315 W"."""
    text = _HAN_BLANK.sub("", unicodedata.normalize("NFKC", text))
    han = [way for run in _HAN.findall(simplified([text])[0]) for way in _ideographs(run)]
    return (*han, *_latin(_HAN.sub(" ", text)))


def only_kind(text: str) -> bool:
    """The line is the second of a name's two: "AVENUE"."""
    words = _WORD.findall(text.casefold())
    return len(words) == 1 and _TYPES.get(words[0], words[0]) in _KINDS


def alike(seen: Way, name: Way, *, exactly: bool = False) -> bool:
    """Both name one street, up to what a reader may have misread; ``exactly`` allows no such thing.

    Better silent than wrong: an ideograph that differs is another street, and so is a word without its "Street".
    """
    if seen.han and name.han:
        return seen == name
    if seen.han or name.han:
        return _across(name, seen) if seen.han else _across(seen, name)
    if seen.wind != name.wind and (exactly or (seen.wind and name.wind)):
        return False
    if seen.kind != name.kind:
        return not seen.kind and seen.stem in _in_one_word(name.stem, name.kind)
    return same_word(seen.stem, name.stem, exactly=exactly)


def said_alike(latin: Way, han: Way) -> bool:
    """The Latin line of a sign is how its ideographs are said."""
    return not latin.han and han.han and _across(latin, han)


def _across(latin: Way, han: Way) -> bool:
    """Between the scripts: in pinyin, its wind and number apart ("NANJING RD. (E)") or not ("NANJING DONGLU")."""
    word, number = han.stem.rstrip("0123456789"), han.stem[-1:] if han.stem[-1:].isdigit() else ""
    wind = next((said for said, short in _PINYIN_WINDS.items() if short == han.wind), "")
    whole = _pinyin(word) + wind + _PINYIN_NUMBERS.get(number, "")
    if not latin.kind and han.kind:
        return latin.stem in _in_one_word(whole, han.kind)
    if latin.kind not in _TRANSLATED[han.kind]:
        return False
    forms = [whole] if not latin.wind else []
    if latin.wind == han.wind:
        forms.append(_pinyin(word) + number)
    written = latin.stem.replace("v", "u")  # ü is written Ü, U or V
    return any(same_word(written, form.replace("v", "u"), exactly=True) for form in forms)


def _in_one_word(stem: str, kind: str) -> set[str]:
    """What is left of a name whose blanks were not read: "YUYUANRD"."""
    return {
        stem + word for word in (kind, *(word for word, short in _TYPES.items() if short == kind)) if word
    }


def _ideographs(run: str) -> list[Way]:
    if not _HAN_BEHIND.fullmatch(_HAN_NAME.sub("", run)):
        return [Way(run, han=True)] if len(run) >= 2 else []
    found = []
    for match in _HAN_NAME.finditer(run):
        stem, wind = match["stem"], match["wind"]
        number = _HAN_NUMBERS.get(match["number"] or "", "")
        found.append(Way(stem + number, _HAN_KINDS[match["kind"]], _HAN_WINDS.get(wind or "", ""), True))
    return found


def _latin(text: str) -> list[Way]:
    """As it is written, and with a pinyin wind as part of the word: Zhong Shan Lu has none."""
    # An apostrophe parts syllables only: Xi'an is Xian.
    text = re.sub(r"[’'`]", "", text)
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).casefold()
    number = next((found[2] or found[3] or found[5] for found in _NUMBERED.finditer(plain)), "")
    words = _WORD.findall(_NUMBERED.sub(r" \g<wind>\g<said> ", plain))
    first = _way([_word(word) for word in words], words, number)
    found = [first] if first else []
    if first and first.wind and not number and not _PINYIN_WINDS.keys().isdisjoint(words):
        kept = [word if word in _PINYIN_WINDS else _word(word) for word in words]
        found += [way for way in (_way(kept, words, "", winds=False),) if way]
    return found


def _way(words: list[str], whole: list[str], number: str, *, winds: bool = True) -> Way | None:
    """``words`` in their short forms, ``whole`` as they are written."""
    names = [word for word, told in zip(words, whole, strict=True) if not told.isdigit()]
    while len(names) > 1 and _POSTCODE.fullmatch(names[-1]) and not _KINDS.isdisjoint(names[:-1]):
        names.pop()
    kind = wind = ""
    if winds and len(names) > 1 and names[-1] in _SHORT_WINDS:
        wind = names.pop()
    house = [word for word, told in zip(words, whole, strict=True) if told.isdigit()]
    if (len(names) > 1 or (house and names)) and names[-1] in _KINDS:
        kind = names.pop()
    for end in (-1, 0):
        if (
            winds
            and (len(names) > 1 or (kind and house and names))
            and not wind
            and names[end] in _SHORT_WINDS
        ):
            wind = names.pop(end)
    if not names and kind and len(house) == 1:
        names = house  # a bare number is a house's, or a distance, but where nothing else is the name: 42 St
    # West Street is a street, not a wind.
    lone = len(names) == 1 and kind and names[0] in _SHORT_WINDS
    stem = next(word for word in whole if not word.isdigit()) if lone else "".join(names)
    if not kind:
        stem, kind = _suffix(stem)
    readable = len(stem) >= SHORTEST or (stem.isdigit() and kind)
    return Way(stem + number, kind, wind) if readable else None


def _word(word: str) -> str:
    word = _ORDINALS.get(word, _WINDS.get(word, _TYPES.get(word, word)))
    match = _ORDINAL.fullmatch(word)
    return match[1] if match else word


def _suffix(stem: str) -> tuple[str, str]:
    """Pinyin and German are often written in one word: "Yuyuanlu", "Goethestr."."""
    for suffix in _SUFFIXES:
        if stem.endswith(suffix) and len(stem) >= len(suffix) + 4:
            return stem.removesuffix(suffix), _TYPES[suffix]
    return stem, ""


def _pinyin(stem: str) -> str:
    """By words where it can be (重庆 is Chongqing); "" for ideographs that no dictionary has."""
    said = lazy_pinyin(stem)
    if len(said) != len(stem):
        return ""
    return "".join(_SAID.get(one, syllable) for one, syllable in zip(stem, said, strict=True))
