"""Drawing: a full scene, one more word of a caption, and a scene that did not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from drivers.base import Rect
from runtime.core.messages import Caption, Card, Line
from runtime.hud.render import Hud
from runtime.hud.scene import Scene
from tools.bench.figures import Figure, median

ROUNDS = 300
WORDS = [
    "the",
    "quick",
    "brown",
    "狐狸",
    "jumps",
    "over",
    "the",
    "lazy",
    "狗",
    "and",
    "then",
    "我们",
    "walk",
    "on",
]


def measure() -> Iterator[Figure]:
    """Medians in milliseconds; no line of text is drawn twice in the full scene."""
    hud = Hud(640, 480, Rect(24, 24, 592, 432))
    start = time.perf_counter()
    hud.draw(full_scene(0))
    yield Figure("first scene, nothing cached", (time.perf_counter() - start) * 1000, "ms")
    yield Figure("full scene: five mixed lines, icon, arrow", _median(hud, full_scene), "ms", 1.5)
    yield Figure("caption: one more word", _median(hud, caption_scene), "ms", 0.5)
    before = hud.draws
    still = caption_scene(3)
    hud.draw(still)
    rects = [hud.draw(still) for _ in range(ROUNDS)]
    yield Figure("unchanged scene: draws", hud.draws - before - 1, "", 0)
    yield Figure("unchanged scene: rectangles sent", sum(map(len, rects)), "", 0)


def full_scene(i: int) -> Scene:
    """Five mixed zh/en lines that no other round has, an icon and the arrow."""
    lines = tuple(Line(f"{word} 净含量 {i * 7 + n} g 生产日期 {i}") for n, word in enumerate("abcde"))
    return Scene(card=Card("bench", lines, icon="barcode"), arrow=float(i % 180))


def caption_scene(i: int) -> Scene:
    """A card that stays and a caption that grows by a word."""
    words = WORDS[: 1 + i % len(WORDS)]
    card = Card("bench", (Line("Whole milk 全脂牛奶", "title"), Line("¥12.50", "value")))
    return Scene(card=card, caption=Caption(f"{i // len(WORDS)} {' '.join(words[:-1])}", words[-1]))


def _median(hud: Hud, scene: Callable[[int], Scene]) -> float:
    times: list[float] = []
    for i in range(1, ROUNDS):
        wanted = scene(i)
        start = time.perf_counter()
        hud.draw(wanted)
        times.append((time.perf_counter() - start) * 1000)
    return median(times)
