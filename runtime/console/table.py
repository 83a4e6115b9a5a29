"""Columns of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prompt_toolkit.utils import get_cwidth


def table(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Columns side by side, under ``head`` when given; columns of numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    lines = [list(head), *cells] if head else cells
    if not lines:
        return ""
    columns = range(len(lines[0]))
    widths = [max(get_cwidth(line[i]) for line in lines) for i in columns]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in columns]
    return "\n".join(
        "  ".join(_pad(line[i], widths[i], right[i]) for i in columns).rstrip() for line in lines
    )


def stretch(seconds: float) -> str:
    """A stretch of time in two figures or so: 0.02 s, 31 s, 12 min, 3 h."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2f} s"


def _is_number(text: str) -> bool:
    return text[:1].isdigit() or text[:1] in "-–"


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - get_cwidth(text))
    return space + text if right else text + space
