from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.base import BusError, Rect
from drivers.display.png import PngPanel, write_png

WHOLE = [Rect(0, 0, 16, 8)]


def test_only_new_pictures_are_written(tmp_path: Path) -> None:
    panel = PngPanel(tmp_path / "hud", 16, 8)
    panel.open()
    canvas = np.zeros((8, 16), np.uint8)
    panel.show(canvas, WHOLE)
    assert panel.paths == []  # black is what it showed already
    canvas[2, 3] = 15
    panel.show(canvas, WHOLE)
    panel.show(canvas, WHOLE)
    canvas[2, 4] = 8
    panel.show(canvas, [Rect(0, 0, 2, 2)])  # the change lies outside
    assert [path.name for path in panel.paths] == ["hud-0001.png"]
    panel.show(canvas, [Rect(4, 2, 1, 1)])
    assert sorted(path.name for path in (tmp_path / "hud").iterdir()) == ["hud-0001.png", "hud-0002.png"]
    pixels = np.asarray(Image.open(panel.paths[1]))
    assert pixels.dtype == np.uint8 and pixels[2, 3:5].tolist() == [255, 136] and pixels.sum() == 255 + 136


def test_a_dark_panel_writes_when_it_is_lit_again(tmp_path: Path) -> None:
    panel = PngPanel(tmp_path, 16, 8)
    panel.power(False)
    panel.show(np.full((8, 16), 3, np.uint8), WHOLE)
    assert panel.paths == []
    panel.power(True)
    assert len(panel.paths) == 1
    panel.power(True)
    assert len(panel.paths) == 1


def test_the_same_canvas_gives_the_same_bytes(tmp_path: Path) -> None:
    canvas = np.random.default_rng(1).integers(0, 16, (48, 64), np.uint8)
    for name in ("a.png", "b.png"):
        write_png(tmp_path / name, canvas)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_folder_that_cannot_be_made_says_so_and_the_picture_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "hud"
    blocked.write_text("a file is in the way", encoding="utf-8")
    panel = PngPanel(blocked, 16, 8)
    canvas = np.full((8, 16), 3, np.uint8)
    with pytest.raises(BusError, match="choose another folder"):
        panel.show(canvas, WHOLE)
    blocked.unlink()
    panel.show(canvas, WHOLE)
    assert [path.name for path in panel.paths] == ["hud-0001.png"]
