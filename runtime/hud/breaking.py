"""Where a line may end: grapheme clusters, words, and the rules of Chinese and Japanese punctuation.

After UAX #14 and UAX #29, cut down to what the HUD's scripts need. Thai has no spaces between words and no
dictionary is carried, so a line may end inside a Thai word; but never before a vowel that is written behind
its consonant or a repeat sign, nor behind a vowel that is written before its consonant.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# JIS X 4051 and CLREQ: what may not begin, and what may not end, a line.
NOT_FIRST = frozenset(
    "、。，．・：；？！ー」』）〕］｝〉》】〗’”»›…‥％℃°‰%,.!?:;)]}｣،؛؟।॥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〜～·"
)
NOT_LAST = frozenset("「『（〔［｛〈《【〖‘“«‹｢([{$€£¥￥＄#＃")
WIDE = (
    (0x2E80, 0x303F),
    (0x3040, 0x31FF),
    (0x3200, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)
VIRAMA = "\u094d"
GLUE = "\u00a0\u202f\u2060\u2011\ufeff"  # no break on either side
ZERO_WIDTH_SPACE = "\u200b"
THAI_BEFORE = "เแโใไ"
THAI_BEHIND = "ะาำๅๆฯ"


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


@lru_cache(maxsize=4096)
def is_wide(character: str) -> bool:
    """Han, kana and what is set with them; hangul keeps to its spaces."""
    code = ord(character)
    return any(first <= code <= last for first, last in WIDE)


def may_follow_unspaced(last: str, first: str) -> bool:
    """Whether words that end and begin so are written without a blank between them."""
    return is_wide(last) or is_wide(first) or first in NOT_FIRST or (_is_thai(last) and _is_thai(first))


def _is_thai(character: str) -> bool:
    return "\u0e00" <= character <= "\u0e7f"


def _joins(before: str, character: str) -> bool:
    last = before[-1]
    if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or last == "\u200d":
        return True
    if last == VIRAMA and unicodedata.category(character) == "Lo":
        return True  # a conjunct: the virama binds the next consonant
    if "\u1160" <= character <= "\u11ff":  # jamo vowels and finals follow their initial
        return "\u1100" <= last <= "\u11ff"
    return (last in THAI_BEFORE and _is_thai(character)) or (character in THAI_BEHIND and _is_thai(last))


def _may_break(before: str, cluster: str) -> bool:
    last, first = before[-1], cluster[0]
    if first.isspace() or first in NOT_FIRST or first in GLUE or last in GLUE:
        return False
    if last.isspace():
        return before.strip() == "" or before.rstrip()[-1] not in NOT_LAST
    if last in NOT_LAST:
        return False
    if last in "-—" and len(before.strip()) > 1:
        return first.isalpha()
    if last == ZERO_WIDTH_SPACE or is_wide(last) or is_wide(first):
        return True
    return _is_thai(last) and _is_thai(first)
