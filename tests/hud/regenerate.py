"""Draw the kept pictures again: ``python -m tests.hud.regenerate``. Look at each one before you commit it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivers.base import Rect
from runtime.hud.icons import ICONS, arrow, icon
from runtime.hud.render import Hud
from runtime.hud.scene import Scene
from tests.hud import navigation
from tests.hud.scenes import SCENES, STORIES

FOLDER = Path(__file__).with_name("golden")
SAFE = Rect(24, 24, 592, 432)
ALL_SCENES = {**SCENES, **navigation.SCENES}


def canvas(*scenes: Scene) -> NDArray[np.uint8]:
    """The last of the scenes on a panel of 640×480, uint8[480, 640] of 0…15."""
    hud = Hud(640, 480, SAFE)
    for scene in scenes:
        hud.draw(scene)
    return hud.canvas


def icons() -> NDArray[np.uint8]:
    """Every icon and eight arrows at 48 px, seven in a row, uint8 of 0…15."""
    cells = [icon(name, 48) for name in sorted(ICONS)] + [arrow(turn, 48) for turn in range(0, 360, 45)]
    cells = [np.pad(cell, 8) for cell in cells]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % 7)
    rows = [np.hstack(cells[i : i + 7]) for i in range(0, len(cells), 7)]
    return np.vstack(rows) // np.uint8(17)


def pictures() -> dict[str, NDArray[np.uint8]]:
    """Every kept picture by name."""
    whole = {name: canvas(scene) for name, scene in ALL_SCENES.items()}
    return {"icons": icons(), **whole, **{name: canvas(*story) for name, story in STORIES.items()}}


def save(path: Path, levels: NDArray[np.uint8]) -> None:
    """Sixteen greys as a palette of four bits."""
    image = Image.fromarray(levels)
    image.putpalette([grey for level in range(16) for grey in (level * 17,) * 3])
    image.save(path, optimize=True, bits=4)


def load(path: Path) -> NDArray[np.uint8]:
    """What ``save`` wrote."""
    with Image.open(path) as image:
        return np.asarray(image, np.uint8)


def main() -> int:
    """Write every picture that differs and name it."""
    FOLDER.mkdir(exist_ok=True)
    for name, levels in pictures().items():
        path = FOLDER / f"{name}.png"
        if not path.exists() or not np.array_equal(load(path), levels):
            save(path, levels)
            print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
