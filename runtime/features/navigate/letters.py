"""What a text reader takes for each other in Latin letters, told from a word that is another one."""

from __future__ import annotations

LETTERS_AN_ERROR = 6  # a shorter word must be read without one
MOST_ERRORS = 2
MANY = 9  # more than is ever allowed

_SAME = str.maketrans("01i5", "olls")  # one stroke or ring is like another
# Pairs that are taken for each other, small or capital.
_ALIKE = frozenset(
    frozenset(pair)
    for pair in (
        "ce", "co", "eo", "oq", "od", "oc", "gq", "gc", "uv", "vy", "nh", "hb", "nm", "mh",
        "lt", "lj", "ft", "ef", "pr", "br", "kx", "vw", "rn",
    )
)  # fmt: skip


def same_word(one: str, other: str, *, exactly: bool = False) -> bool:
    """Both are one word, in small letters, up to what a reader may have misread.

    ``exactly`` and words with a number allow only what looks the same anyway: 1, l and i.
    """
    exactly = exactly or any(c.isdigit() for c in one + other)
    one, other = (word.translate(_SAME).replace("rn", "m") for word in (one, other))
    if one == other:
        return True
    allowed = 0 if exactly else min(len(other) // LETTERS_AN_ERROR, MOST_ERRORS)
    return one[:1] == other[:1] and misread(one, other) <= allowed


def misread(one: str, other: str) -> int:
    """How many letters were taken for one that looks like it, or two alike for one; more than 8: another word.

    Levenshtein's distance, in which any other change counts for more than is ever allowed.
    """
    row = _added(other)
    for i, a in enumerate(one, 1):
        corner, row[0] = row[0], row[0] + _lost(one, i - 1)
        for j, b in enumerate(other, 1):
            change = corner + (0 if a == b else 1 if frozenset((a, b)) in _ALIKE else MANY)
            corner, row[j] = row[j], min(row[j] + _lost(one, i - 1), row[j - 1] + _lost(other, j - 1), change)
    return row[-1]


def _added(word: str) -> list[int]:
    """The first row: what it costs to add each beginning of a word."""
    row = [0]
    for at in range(len(word)):
        row.append(row[-1] + _lost(word, at))
    return row


def _lost(word: str, at: int) -> int:
    """Thin letters and the second of two get lost."""
    return 1 if word[at] == "l" or (at > 0 and word[at - 1] == word[at]) else MANY
