"""The ingredients and allergens lines, joined over their continuation lines.

An allergen is reported only from a line that declares it; nothing is concluded from a list of ingredients.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from runtime.features.snap.fields import words
from runtime.features.snap.fields.text import Seen, field, gap
from runtime.features.snap.result import Field

MAX_LINES = 14
"""A longer list is cut here: what follows is another column."""


def read_ingredients(lines: Sequence[Seen]) -> dict[str, Field]:
    """``ingredients``, ``allergens`` (what it contains) and ``may_contain`` (traces)."""
    found: dict[str, Field] = {}
    lines = [piece for line in lines for piece in _sentences(line)]
    for i, line in enumerate(lines):
        kind = _kind(line.text)
        if not kind or kind in found:
            continue
        block = _block(i, lines)
        text = _tidy(block)
        if kind != "ingredients" and not _declares(text):
            continue
        value = _without_heading(text) if kind == "ingredients" else text
        if value:
            found[kind] = field(value, block)
    return found


def _without_heading(text: str) -> str:
    """The list itself; a label in two languages has two headings."""
    while heading := words.INGREDIENTS.match(text):
        text = text[heading.end() :].strip(" :")
    return text


def _sentences(line: Seen) -> list[Seen]:
    """A line cut where a declaration begins in its middle: "… salt. Contains: oats." """
    cuts = [
        match.end() for match in re.finditer(r"[.;)。]\s*", line.text) if _heads(line.text[match.end() :])
    ]
    edges = [0, *cuts, len(line.text)]
    pieces = [line.text[a:b].strip() for a, b in pairwise(edges)]
    return [msgspec.structs.replace(line, text=piece) for piece in pieces if re.search(r"\w", piece)]


def _kind(text: str) -> str:
    """Which of the three a line begins, or ""."""
    if words.INGREDIENTS.match(text):
        return "ingredients"
    if words.MAY_CONTAIN.match(text) and not text[:1].islower():
        return "may_contain"
    return "allergens" if words.ALLERGENS.match(text) else ""


def _heads(text: str) -> bool:
    """Something new begins here, one of the three or another section of the label."""
    return bool(_kind(text) or words.OTHER_HEADING.match(text))


def _declares(text: str) -> bool:
    """It names an allergen; "contains caffeine", "free from milk" and "allergens: see in bold" do not."""
    if words.NEGATED.search(text) or words.ELSEWHERE.search(text):
        return False
    return bool(words.DECLARED.match(text) or words.KNOWN_ALLERGENS.search(text))


def _block(i: int, lines: Sequence[Seen]) -> list[Seen]:
    """A heading with the lines that go on below it: same column, same print, no other heading."""
    block = [lines[i]]
    declaration = _kind(lines[i].text) != "ingredients"  # a sentence; a list may have points in it
    for other in lines[i + 1 :]:
        last = block[-1]
        across, _ = gap(last.rect, other.rect)
        step = other.start - last.start
        column = -across >= 0.5 * min(last.rect.w, other.rect.w)
        alike = 0.6 <= other.height / last.height <= 1.6
        if not column:
            continue
        if _heads(other.text) or len(block) == MAX_LINES:
            break
        same_row = step < 0.4 * last.height and other.rect != last.rect
        if not alike or same_row:
            continue
        if step > 2.1 * last.height or (declaration and last.text.endswith((".", "。"))):
            break
        block.append(other)
    return block


def _tidy(block: Sequence[Seen]) -> str:
    """The lines as one text; a word hyphenated over a line's end is whole again."""
    text = block[0].text
    for line in block[1:]:
        if text.endswith("-"):
            text = text[:-1] + line.text
        else:
            han = re.search(r"[\u4e00-\u9fff,、。]$", text) and re.match(r"[\u4e00-\u9fff、。]", line.text)
            text += line.text if han else f" {line.text}"
    return text
