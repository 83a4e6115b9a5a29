"""Which measures make a suite, in the order they are told."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from tools.bench.figures import Figure, Measure

# Part → what it measures; each is ``measure()`` in tools/bench/PART.py.
SPINE = {
    "codes": "product codes on real photos",
    "labels": "prices and names on real labels",
    "startup": "start to first HUD frame, memory over 100 snaps",
    "latency": "shutter to HUD, head turn to panel",
    "hud": "drawing",
    "motion": "the IMU and the head's pose",
    "virtual": "ten minutes on virtual time, twice",
}
QWEN = {
    "qwen_exact": "Qwen: tiny checkpoints against transformers in float32",
    "qwen_quality": "Qwen: what quantisation costs on real weights",
    "qwen_structured": "Qwen: JSON about a label's text, real weights",
    "qwen_together": "Qwen: captions, HUD and IMU beside a long answer, real weights",
    "qwen_memory": "Qwen: memory and start at Qwen3-0.6B's sizes",
    "qwen_picture": "Qwen: a picture at Qwen3-VL-2B's sizes, random weights",
    "qwen_speed": "Qwen: tokens a second at Qwen3-0.6B's sizes, random weights",
}
CAPTIONS = {
    "captions_text": "Captions: what is understood, whole and streaming, and what is taken back",
    "captions_runaway": "Captions: utterances cut anywhere, clean and among noise",
    "captions_hour": "Captions: an hour of speech, silence and noise",
    "captions_live": "Captions: how soon, alone and beside snaps",
    "captions_speed": "Captions: compute and memory",
}
NAVIGATE = {
    "navigate_fixtures": "Navigation: real routes, walked and ridden",
    "navigate_walks": "Navigation: a thousand made walks, detours, jumps; what a fix costs",
    "navigate_heading": "Navigation: the arrow against the truth",
    "navigate_arrow": "Navigation: head turn to panel, alone and beside snaps and captions",
}
SUITES: dict[str, dict[str, str]] = {"spine": SPINE, "qwen": QWEN, "captions": CAPTIONS, "navigate": NAVIGATE}


def chosen(suite: str, only: list[str] | None) -> list[tuple[str, Measure]]:
    """The measures of a suite, or just those named. Raises ValueError for a part that does not exist."""
    parts = SUITES[suite]
    for name in only or ():
        if name not in parts:
            raise ValueError(f"{suite} has no part {name!r}; it has: {', '.join(parts)}")
    return [(title, _lazy(name)) for name, title in parts.items() if not only or name in only]


def _lazy(name: str) -> Measure:
    def measure() -> Iterator[Figure]:
        yield from import_module(f"tools.bench.{name}").measure()

    return measure
