"""Where a line may end: grapheme clusters, words, and the rules of Chinese and Japanese punctuation.

After UAX #14 and UAX #29, cut down to what the HUD's scripts need. Thai has no spaces between words and no
dictionary is carried: it breaks between clusters, which a reader takes as it comes.
"""

from __future__ import annotations

import unicodedata

# JIS X 4051 and CLREQ: what may not begin, and what may not end, a line.
NOT_FIRST = frozenset(
    "、。，．・：；？！ー」』）〕］｝〉》】〗’”…‥％℃°‰%,.!?:;)]}ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〜～·"
)
NOT_LAST = frozenset("「『（〔［｛〈《【〖‘“([{$€£¥￥＄#＃")
WIDE = (
    (0x2E80, 0x303F),
    (0x3040, 0x31FF),
    (0x3200, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)
VIRAMA = "\u094d"


def clusters(text: str) -> list[str]:
    """What a reader takes for one character each: a base with its marks, jamo, a joined sequence."""
    found: list[str] = []
    for character in text:
        if found and _joins(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def pieces(text: str) -> list[str]:
    """Parts between which a line may end; a part keeps the spaces behind it."""
    found: list[str] = []
    for cluster in clusters(text):
        if found and not _may_break(found[-1], cluster):
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


def is_wide(character: str) -> bool:
    """Han, kana and what is set with them; hangul keeps to its spaces."""
    code = ord(character)
    return any(first <= code <= last for first, last in WIDE)


def _is_thai(character: str) -> bool:
    return "\u0e00" <= character <= "\u0e7f"


def _joins(before: str, character: str) -> bool:
    if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or before[-1] == "\u200d":
        return True
    if before[-1] == VIRAMA and unicodedata.category(character) == "Lo":
        return True  # a conjunct: the virama binds the next consonant
    if "\u1160" <= character <= "\u11ff":  # jamo vowels and finals follow their initial
        return "\u1100" <= before[-1] <= "\u11ff"
    return before[-1] == "\u0e40" or ("\u0e40" <= before[-1] <= "\u0e44" and _is_thai(character))


def _may_break(before: str, cluster: str) -> bool:
    last, first = before[-1], cluster[0]
    if first.isspace() or first in NOT_FIRST:
        return False
    if last.isspace():
        return before.strip() == "" or before.rstrip()[-1] not in NOT_LAST
    if last in NOT_LAST:
        return False
    if last == "-" and len(before.strip()) > 1:
        return first.isalpha()
    if is_wide(last) or is_wide(first):
        return True
    return _is_thai(last) and _is_thai(first)
