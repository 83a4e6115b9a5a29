"""The product's name: the tallest words that are no price, date, size, heading or slogan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from runtime.features.snap.fields import words
from runtime.features.snap.fields.content import only_size
from runtime.features.snap.fields.dates import find
from runtime.features.snap.fields.money import amounts, role_of
from runtime.features.snap.fields.text import Seen, field, gap
from runtime.features.snap.result import Field

SMALL_PRINT = 18.0
"""Pixels; what is printed smaller in the picture is not surely a name, however alone it stands."""

ALIKE = 0.6
"""How much of a short name two readings of it share at the least: four of five characters are 0.8."""

_NUMBERY = re.compile(r"^[-+\d\W]*(?:\d+\s?(?:%|°|g|kg|ml|l|oz|w|v)\b.*)?$", re.IGNORECASE)


def read_name(lines: Sequence[Seen]) -> dict[str, Field]:
    """``name``: sure where a label says so or where it stands out, probable otherwise."""
    for line in lines:
        if labelled := words.NAMED.match(line.text):
            return {"name": field(labelled["name"].strip(), [line])}
    wordy = [line for line in lines if line.wordy >= 2 and not amounts_only(line)]
    names = sorted((line for line in wordy if _may_be(line)), key=lambda line: -_rank(line))
    if not names or names[0].height < 0.5 * max(line.height for line in wordy):
        return {}
    block = _grow(names[0], names)
    rest = [line for line in names if line not in block]
    stands_out = not rest or _rank(block[0]) >= 1.4 * _rank(rest[0])
    stands_out = stands_out and block[0].height >= SMALL_PRINT
    block = _better_print(block, lines)
    return {"name": field(_join(block), block, doubt=not stands_out)}


def amounts_only(line: Seen) -> bool:
    """The line is a price, a date or a number, not words."""
    text = line.text
    numbers = find(text) or _NUMBERY.match(text) or only_size(text)
    return bool(numbers) or any(amount.marked for amount in amounts(text))


def _may_be(line: Seen) -> bool:
    if words.SLOGAN.search(line.text) or words.NO_NAME.search(line.text) or role_of(line.text):
        return False
    digits = sum(char.isdigit() for char in line.text)
    return digits <= line.wordy and len(line.text) <= 60


def _rank(line: Seen) -> float:
    """Height of the letters; a lone short word weighs less than a phrase."""
    return line.height * (1.0 if line.wordy >= 4 or re.search(r"[\u4e00-\u9fff]", line.text) else 0.8)


def _grow(first: Seen, names: Sequence[Seen]) -> list[Seen]:
    """The name with the lines of the same print right above and below it."""
    block = [first]
    for line in sorted(names, key=lambda one: abs(one.rect.y - first.rect.y))[1:]:
        across, down = min((gap(line.rect, one.rect) for one in block), key=lambda apart: apart[1])
        alike = 0.75 <= line.height / first.height <= 1.34
        if alike and across < 0 and -0.4 * first.height < down < 0.6 * first.height and len(block) < 3:
            block.append(line)
    return sorted(block, key=lambda one: (one.rect.y, one.rect.x))


def _better_print(block: list[Seen], lines: Sequence[Seen]) -> list[Seen]:
    """The same name where it stands once more, as on the price card, and was read with less doubt."""
    title = block[0]
    again = [
        line
        for line in lines
        if line not in block
        and abs(len(line.text) - len(title.text)) <= 1
        and SequenceMatcher(None, line.text.casefold(), title.text.casefold()).ratio() >= ALIKE
    ]
    best = max(again, key=lambda line: line.confidence, default=title)
    return [best] if len(block) == 1 and best.confidence > title.confidence else block


def _join(block: Sequence[Seen]) -> str:
    texts = [line.text for line in block]
    han = all(re.search(r"[\u4e00-\u9fff]", text) for text in texts)
    return ("" if han else " ").join(texts)
