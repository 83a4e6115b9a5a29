"""Reading order → drawing order (UAX #9), by python-bidi's own steps, which give each character its level."""

from __future__ import annotations

from typing import NamedTuple

# Hebrew, Arabic and their neighbours, and the marks that turn direction: without one of these nothing turns.
RIGHT_TO_LEFT = ((0x0590, 0x08FF), (0x200F, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069), (0xFB1D, 0xFEFC))


class Run(NamedTuple):
    """Characters in reading order that are drawn in one direction."""

    text: str
    right_to_left: bool


def needs_reordering(text: str) -> bool:
    """Whether anything in it runs from right to left."""
    return any(first <= ord(c) <= last for c in text if c > "\u058f" for first, last in RIGHT_TO_LEFT)


def is_right_to_left(text: str) -> bool:
    """The paragraph's own direction: that of its first strong character (P2, P3)."""
    if not needs_reordering(text):
        return False
    from bidi import get_base_level

    return bool(get_base_level(text) == 1)


def visual_runs(text: str, right_to_left: bool) -> list[Run]:
    """The runs of one line from left to right, in a paragraph of this direction."""
    if not right_to_left and not needs_reordering(text):
        return [Run(text, False)] if text else []
    levels = _levels(text, right_to_left)
    runs: list[tuple[str, int]] = []
    for character, level in levels:
        if runs and runs[-1][1] == level:
            runs[-1] = (runs[-1][0] + character, level)
        else:
            runs.append((character, level))
    return [Run(part, level % 2 == 1) for part, level in _reorder(runs)]


def _levels(text: str, right_to_left: bool) -> list[tuple[str, int]]:
    from bidi import algorithm

    storage = algorithm.get_empty_storage()
    storage["base_level"] = int(right_to_left)
    storage["base_dir"] = "R" if right_to_left else "L"
    algorithm.get_embedding_levels(text, storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    levels = [(str(c["ch"]), int(c["level"])) for c in storage["chars"]]
    end = len(levels)
    while end and levels[end - 1][0].isspace():  # L1: spaces at the end of a line go with the paragraph
        end -= 1
    return levels[:end] + [(c, int(right_to_left)) for c, _ in levels[end:]]


def _reorder(runs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """L2: from the highest level down to the lowest odd one, turn round every stretch at or above it."""
    if not runs:
        return runs
    highest = max(level for _, level in runs)
    for floor in range(highest, 0, -1):
        start = 0
        while start < len(runs):
            end = start
            while end < len(runs) and runs[end][1] >= floor:
                end += 1
            runs[start:end] = runs[start:end][::-1]
            start = end + 1
    return runs
