from __future__ import annotations

import numpy as np
import pytest

from runtime.hud.layout import DIMMEST
from tests.hud.regenerate import FOLDER, canvas, load, pictures
from tests.hud.scenes import SCENES

DRAWN = pictures()


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_the_picture_is_the_one_that_was_looked_at(name: str) -> None:
    path = FOLDER / f"{name}.png"
    differs = np.argwhere(load(path) != DRAWN[name])
    assert not len(differs), (
        f"{path.name} differs from {differs[0]}: python -m tests.hud.regenerate, then look"
    )


def test_every_kept_picture_is_tested_and_small() -> None:
    kept = {path.stem: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert set(kept) == set(DRAWN)
    assert max(kept.values()) < 20_000


@pytest.mark.parametrize("name", sorted(SCENES))
def test_everything_lies_in_the_safe_area_and_most_of_the_panel_stays_dark(name: str) -> None:
    picture = canvas(SCENES[name])
    rows, columns = np.nonzero(picture)
    assert rows.min() >= 24 - 2 and rows.max() < 456 + 2, "ink may lean over the edge by a hair"
    assert columns.min() >= 24 - 2 and columns.max() < 616 + 2
    assert np.count_nonzero(picture) / picture.size < 0.1, "outlines, not fills: black is transparent"


def test_less_than_sure_is_dimmer_and_still_to_be_read() -> None:
    picture = canvas(SCENES["full"])
    sure, probable = picture[90:110, 80:480].max(), picture[150:180, 80:480].max()
    assert DIMMEST <= probable <= sure - 2
