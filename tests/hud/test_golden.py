from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from runtime.features.navigate.cues.words import LANGUAGES
from runtime.features.navigate.routes.route import Kind
from runtime.hud.layout import DIMMEST
from runtime.hud.render import Hud
from tests.hud import navigation
from tests.hud.regenerate import ALL_SCENES, FOLDER, SAFE, canvas, load, pictures
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


@pytest.mark.parametrize("name", sorted(ALL_SCENES))
def test_everything_lies_in_the_safe_area_and_most_of_the_panel_stays_dark(name: str) -> None:
    picture = canvas(ALL_SCENES[name])
    rows, columns = np.nonzero(picture)
    assert rows.min() >= 24 - 2 and rows.max() < 456 + 2, "ink may lean over the edge by a hair"
    assert columns.min() >= 24 - 2 and columns.max() < 616 + 2
    assert np.count_nonzero(picture) / picture.size < 0.1, "outlines, not fills: black is transparent"


def test_less_than_sure_is_dimmer_and_still_to_be_read() -> None:
    picture = canvas(SCENES["full"])
    sure, probable = picture[90:110, 80:480].max(), picture[150:180, 80:480].max()
    assert DIMMEST <= probable <= sure - 2


def test_each_kind_of_maneuver_has_its_picture_in_each_language() -> None:
    shown = {moment.fields.get("kind", "turn") for moment in navigation.MOMENTS.values()}
    assert shown | {"depart", "u-turn", "arrive"} == set(get_args(Kind))
    icons = {scene.card.icon for scene in navigation.SCENES.values() if scene.card}
    sides = {f"{how}-{side}" for how in ("slight", "turn", "sharp", "keep") for side in ("left", "right")}
    assert sides | {"straight", "u-turn", "roundabout-left", "exit-roundabout-right", "via", "ferry"} <= icons
    assert {"arrive", "arrive-left", "arrive-right", "off-route"} <= icons
    assert len(navigation.SCENES) == len(navigation.MOMENTS) * len(LANGUAGES)


@pytest.mark.parametrize("name", sorted(navigation.SCENES))
def test_a_cue_is_few_words_and_all_of_them_are_seen(name: str) -> None:
    scene = navigation.SCENES[name]
    assert scene.card is not None
    hud = Hud(640, 480, SAFE)
    hud.draw(scene)
    assert "".join("".join(hud.words).split()) == "".join(
        "".join(line.text for line in scene.card.lines).split()
    )
    assert len(hud.words) <= 6
