"""Icons of maneuvers: each is its own, even small, and left is the mirror of right."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from runtime.hud.icons import ICONS, SMALLEST, icon
from runtime.hud.maneuvers import MANEUVERS
from runtime.hud.strokes import GRID


def test_every_maneuver_is_an_icon() -> None:
    assert set(MANEUVERS) <= set(ICONS)


def test_no_two_look_alike_at_the_smallest_size() -> None:
    pictures = {name: icon(name, SMALLEST).astype(np.int32) for name in MANEUVERS}
    for (one, a), (other, b) in combinations(pictures.items(), 2):
        ink = min(a.sum(), b.sum())
        assert np.abs(a - b).sum() > 0.25 * ink, f"{one} looks like {other}"


@pytest.mark.parametrize("name", [name for name in MANEUVERS if "left" in name and "roundabout" not in name])
def test_right_is_left_in_the_mirror(name: str) -> None:
    left, right = icon(name, 48).astype(int), icon(name.replace("left", "right"), 48).astype(int)
    assert np.abs(left[:, ::-1] - right).max() <= 1


@pytest.mark.parametrize("name", MANEUVERS)
def test_nothing_is_cut_off(name: str) -> None:
    assert all(0.8 <= value <= GRID - 0.8 for path in MANEUVERS[name] for point in path for value in point)
    assert icon(name, SMALLEST).any()
