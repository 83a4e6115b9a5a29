"""HUD pictures on a host: one card as the wearer would see it, and what a run showed as PNG files."""

from __future__ import annotations

from pathlib import Path

from drivers.base import Rect
from drivers.display.png import write_png
from runtime.core.messages import Card
from runtime.hud.render import Hud
from runtime.hud.scene import Scene

WIDTH, HEIGHT, SAFE = 640, 480, Rect(24, 24, 592, 432)


def save_card(path: Path, card: Card) -> None:
    """Draw ``card`` alone on a 640×480 panel and write it as PNG. Raises OSError."""
    hud = Hud(WIDTH, HEIGHT, SAFE)
    hud.draw(Scene(card=card))
    write_png(path, hud.canvas)
