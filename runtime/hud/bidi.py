"""Reading order → drawing order: the Unicode Bidirectional Algorithm (UAX #9, revision 46), whole.

python-bidi has two engines. The fast one returns a finished string and no levels, so fonts could not be chosen
before reordering; the other drops ZWNJ (which Persian needs), knows no isolates and no bracket pairs. So the
rules stand here, named as the standard names them, and the tests hold them against the fast engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

# Hebrew, Arabic and their neighbours, and the marks that turn direction: without one of these nothing turns.
TURNING = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
DEEPEST = 125
EMBEDDINGS = {"LRE": "", "RLE": "", "LRO": "L", "RLO": "R"}
ISOLATES = ("LRI", "RLI", "FSI")
REMOVED = frozenset((*EMBEDDINGS, "PDF", "BN"))
NEUTRAL = frozenset(("B", "S", "WS", "ON", *ISOLATES, "PDI"))
BRACKETS = dict(zip("([{⟨〈《「『【〔〖（［｛｢⁅", ")]}⟩〉》」』】〕〗）］｝｣⁆", strict=True))
CLOSERS = {closer: opener for opener, closer in BRACKETS.items()}


class Run(NamedTuple):
    """Characters in reading order that are drawn in one direction; ``start`` counts from the line's own."""

    text: str
    right_to_left: bool
    start: int = 0


class _Status(NamedTuple):
    """An entry of the directional status stack (X1)."""

    level: int
    override: str
    isolate: bool


def needs_reordering(text: str) -> bool:
    """Whether anything in it runs from right to left."""
    return not text.isascii() and TURNING.search(text) is not None


def is_right_to_left(text: str) -> bool:
    """The paragraph's own direction: that of its first strong character (P2, P3)."""
    return needs_reordering(text) and _first_strong([_kind(c) for c in text]) == "R"


@lru_cache(maxsize=64)
def levels(paragraph: str, right_to_left: bool) -> bytes | None:
    """The embedding level of each character, or None where everything runs from left to right."""
    if not right_to_left and not needs_reordering(paragraph):
        return None
    kinds = [_kind(c) for c in paragraph]
    base = int(right_to_left)
    partners = _partners(kinds)
    found = _explicit(kinds, partners, base)
    explicit = found.copy()
    for sequence in _sequences(kinds, explicit, partners):
        start, end = _edges(kinds, explicit, sequence, partners, base)
        part = [kinds[i] for i in sequence]
        level = explicit[sequence[0]]
        _resolve([paragraph[i] for i in sequence], part, _direction(level), start, end)
        for i, kind in zip(sequence, part, strict=True):
            found[i] = level + _raised(kind, level % 2 == 1)
    for i, kind in enumerate(kinds):
        if kind in REMOVED:
            found[i] = found[i - 1] if i else base
    return bytes(found)


def visual_runs(text: str, depth: bytes | None, right_to_left: bool) -> list[Run]:
    """The runs of one line from left to right; ``depth`` holds the levels of its characters (L1, L2)."""
    if depth is None:
        return [Run(text, False)] if text else []
    end = len(text)
    while end and _kind(text[end - 1]) in ("WS", "B", "S", "PDI", *ISOLATES, *REMOVED):
        end -= 1
    ends = depth[:end] + bytes([right_to_left]) * (len(text) - end)
    runs: list[tuple[int, int, int]] = []
    for i, level in enumerate(ends):
        if runs and runs[-1][0] == level:
            runs[-1] = (level, runs[-1][1], i + 1)
        else:
            runs.append((level, i, i + 1))
    return [Run(text[a:b], level % 2 == 1, a) for level, a, b in _reorder(runs)]


def _kind(character: str) -> str:
    """The Bidi_Class; what Unicode has not assigned takes its block's direction."""
    return unicodedata.bidirectional(character) or ("R" if needs_reordering(character) else "L")


def _first_strong(kinds: Sequence[str]) -> str:
    """Direction of the first L, R or AL outside isolates; "" without one."""
    depth = 0
    for kind in kinds:
        if kind in ISOLATES:
            depth += 1
        elif kind == "PDI":
            if depth == 0:  # the end of the isolate that is looked into
                return ""
            depth -= 1
        elif depth == 0 and kind in ("L", "R", "AL"):
            return "L" if kind == "L" else "R"
    return ""


def _partners(kinds: list[str]) -> dict[int, int]:
    """BD9: which PDI ends which isolate, both ways."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for i, kind in enumerate(kinds):
        if kind in ISOLATES:
            opened.append(i)
        elif kind == "PDI" and opened:
            found[i] = opened[-1]
            found[opened.pop()] = i
    return found


def _explicit(kinds: list[str], partners: dict[int, int], base: int) -> list[int]:
    """X1–X8: levels from embeddings, overrides and isolates; overridden kinds are replaced."""
    found: list[int] = []
    stack = [_Status(base, "", False)]
    too_deep: list[bool] = []  # the overflow count: what was opened beyond the deepest level, isolate or not
    for i, kind in enumerate(kinds.copy()):
        if kind == "PDI":
            _close_isolate(stack, too_deep, i in partners)
        found.append(base if kind == "B" else stack[-1].level)
        if kind not in REMOVED and kind != "B" and stack[-1].override:
            kinds[i] = stack[-1].override
        if kind in EMBEDDINGS or kind in ISOLATES:
            right = kind[0] == "R" or (kind == "FSI" and _first_strong(kinds[i + 1 :]) == "R")
            _open(stack, too_deep, right, EMBEDDINGS.get(kind, ""), kind in ISOLATES)
        elif kind == "PDF":
            _close_embedding(stack, too_deep)
    return found


def _open(stack: list[_Status], too_deep: list[bool], right: bool, override: str, isolate: bool) -> None:
    level = stack[-1].level
    level += 1 + (level % 2 if right else 1 - level % 2)
    if level <= DEEPEST and not too_deep:
        stack.append(_Status(level, override, isolate))
    elif isolate or True not in too_deep:
        too_deep.append(isolate)


def _close_isolate(stack: list[_Status], too_deep: list[bool], matched: bool) -> None:
    if not matched:
        return
    if True in too_deep:
        while not too_deep.pop():
            pass
        return
    too_deep.clear()
    while not stack.pop().isolate:
        pass


def _close_embedding(stack: list[_Status], too_deep: list[bool]) -> None:
    if too_deep:
        if not too_deep[-1]:
            too_deep.pop()
    elif len(stack) > 1 and not stack[-1].isolate:
        stack.pop()


def _sequences(kinds: list[str], depth: list[int], partners: dict[int, int]) -> list[list[int]]:
    """X10, BD13: the isolating run sequences, as indices of the characters that X9 leaves."""
    runs: list[list[int]] = []
    for i, kind in enumerate(kinds):
        if kind in REMOVED:
            continue
        if runs and depth[runs[-1][-1]] == depth[i]:
            runs[-1].append(i)
        else:
            runs.append([i])
    by_start = {run[0]: run for run in runs}
    found: list[list[int]] = []
    for run in runs:
        if partners.get(run[0], run[0]) < run[0]:
            continue  # begins with the PDI of an isolate: it goes on with that isolate's sequence
        sequence = list(run)
        while (end := partners.get(sequence[-1], -1)) > sequence[-1] and end in by_start:
            sequence += by_start[end]
        found.append(sequence)
    return found


def _edges(
    kinds: list[str], depth: list[int], sequence: list[int], partners: dict[int, int], base: int
) -> tuple[str, str]:
    """X10: sos and eos, the directions that a sequence meets at its two ends."""
    level, last = depth[sequence[0]], sequence[-1]
    before = next((depth[i] for i in range(sequence[0] - 1, -1, -1) if kinds[i] not in REMOVED), base)
    after = next((depth[i] for i in range(last + 1, len(kinds)) if kinds[i] not in REMOVED), base)
    if kinds[last] in ISOLATES and last not in partners:
        after = base
    return _direction(max(before, level)), _direction(max(after, level))


def _resolve(characters: list[str], part: list[str], embedding: str, start: str, end: str) -> None:
    """W1–W7, N0–N2 for one isolating run sequence."""
    original = part.copy()
    _weak(part, start)
    _brackets(characters, part, original, embedding, start)
    _neutral(part, embedding, start, end)


def _raised(kind: str, right_to_left: bool) -> int:
    """I1, I2: how far above its embedding a character ends up."""
    if right_to_left:
        return 0 if kind == "R" else 1
    return {"L": 0, "R": 1}.get(kind, 2)


def _direction(level: int) -> str:
    return "R" if level % 2 else "L"


def _weak(part: list[str], start: str) -> None:
    """W1–W7: marks, numbers and what stands with them."""
    strong = before = start
    for i, kind in enumerate(part):
        if kind == "NSM":  # W1
            kind = "ON" if before in ISOLATES or before == "PDI" else before
        before = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":  # W2
            kind = "AN"
        part[i] = kind
    part[:] = ["R" if kind == "AL" else kind for kind in part]  # W3
    for i in range(1, len(part) - 1):  # W4
        if part[i - 1] == part[i + 1] and (
            (part[i - 1] == "EN" and part[i] in ("ES", "CS")) or (part[i - 1] == "AN" and part[i] == "CS")
        ):
            part[i] = part[i - 1]
    for i in range(len(part)):  # W5, both ways
        if part[i] == "ET" and i and part[i - 1] == "EN":
            part[i] = "EN"
    for i in range(len(part) - 2, -1, -1):
        if part[i] == "ET" and part[i + 1] == "EN":
            part[i] = "EN"
    strong = start
    for i, kind in enumerate(part):
        if kind in ("ES", "CS", "ET"):  # W6
            part[i] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            part[i] = "L"


def _brackets(
    characters: list[str], part: list[str], original: list[str], embedding: str, start: str
) -> None:
    """N0: a pair of brackets takes one direction, that of its content or of what leads up to it."""
    for opener, closer in _pairs(characters, part):
        inside = {_strong(kind) for kind in part[opener + 1 : closer]} - {""}
        if not inside:
            continue
        way = embedding
        if embedding not in inside:
            lead = next((s for kind in reversed(part[:opener]) if (s := _strong(kind))), start)
            way = lead if lead != embedding else embedding
        for end in (opener, closer):
            part[end] = way
            for i in range(end + 1, len(part)):  # marks on a bracket go with it
                if original[i] != "NSM":
                    break
                part[i] = way


def _pairs(characters: list[str], part: list[str]) -> list[tuple[int, int]]:
    """BD16: matching brackets in the order of their openers."""
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    for i, character in enumerate(characters):
        if part[i] != "ON":
            continue
        if character in BRACKETS:
            if len(opened) == 63:  # BD16 gives up here
                break
            opened.append(i)
        elif character in CLOSERS:
            match = next((o for o in reversed(opened) if characters[o] == CLOSERS[character]), None)
            if match is not None:
                del opened[opened.index(match) :]
                found.append((match, i))
    return sorted(found)


def _strong(kind: str) -> str:
    """L or R as N0 to N2 see it: numbers count as R."""
    return "R" if kind in ("R", "EN", "AN") else "L" if kind == "L" else ""


def _neutral(part: list[str], embedding: str, start: str, end: str) -> None:
    """N1, N2: what stands between two of one direction takes it, else the embedding's."""
    i = 0
    while i < len(part):
        if part[i] not in NEUTRAL:
            i += 1
            continue
        first = i
        while i < len(part) and part[i] in NEUTRAL:
            i += 1
        left = _strong(part[first - 1]) if first else start
        right = _strong(part[i]) if i < len(part) else end
        part[first:i] = [left if left == right else embedding] * (i - first)


def _reorder(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """L2: from the highest level down to the lowest odd one, turn round every stretch at or above it."""
    for floor in range(max((level for level, _, _ in runs), default=0), 0, -1):
        start = 0
        while start < len(runs):
            end = start
            while end < len(runs) and runs[end][0] >= floor:
                end += 1
            runs[start:end] = runs[start:end][::-1]
            start = end + 1
    return runs
