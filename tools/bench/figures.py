"""A measured figure, its bar and its peer, and how a table of them is printed."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from models.processor import processor as processor  # the measures take it from here

Measure = Callable[[], "Iterable[Figure]"]


class Figure(msgspec.Struct, frozen=True):
    """One measurement. ``bar`` None: told for information; ``peer`` is the other's figure, same run."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    better: Literal["less", "more"] = "less"
    peer: str = ""

    @property
    def met(self) -> bool:
        """Whether the bar is kept; true when there is none."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.better == "less" else self.value >= self.bar

    def row(self) -> str:
        """One line of the table."""
        sign = {"less": "≤", "more": "≥"}[self.better]
        bar = "" if self.bar is None else f"{sign} {self.bar:g} {self.unit}"
        mark = "  " if self.bar is None else "ok" if self.met else "MISSED"
        return f"{self.name:<52} {self.value:>9.4g} {self.unit:<6} {bar:<14} {mark:<7} {self.peer}".rstrip()


def report(measures: Iterable[tuple[str, Measure]], say: Callable[[str], None] = print) -> int:
    """Run each measure and print its figures as they come. Returns 1 when a bar is missed, else 0."""
    say(f"# {processor()}; Python {platform.python_version()}")
    missed = 0
    for title, measure in measures:
        say(f"\n{title}")
        for figure in measure():
            say("  " + figure.row())
            missed += not figure.met
    say(f"\n{missed} bar(s) missed" if missed else "\nevery bar is kept")
    return int(missed > 0)


def median(values: Iterable[float]) -> float:
    """The median; 0 for nothing."""
    return percentile(values, 50)


def percentile(values: Iterable[float], rank: float) -> float:
    """The value at ``rank`` per cent, nearest-rank; 0 for nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * rank / 100))] if ordered else 0.0


def fixtures() -> Path:
    """The folder of real test data beside the checkout, or one that does not exist."""
    return Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"


def pairs(folder: Path, suffix: str) -> Iterator[tuple[Path, str]]:
    """Each picture of ``folder`` with the truth in the text file beside it."""
    for picture in sorted(folder.glob(f"*{suffix}")):
        truth = picture.with_suffix(".txt")
        if truth.exists():
            yield picture, truth.read_text(encoding="utf-8").strip()
