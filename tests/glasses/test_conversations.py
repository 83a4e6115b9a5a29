"""Recorded conversations, replayed on virtual time: the same pictures each time, and those that were looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.core.replay import Played, read
from tests.glasses.conversations import GOLDEN, LOOKS_S, NAMES, RECORDINGS, TOPICS, record_scripted, shown
from tests.hud.regenerate import load


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_gives_the_pictures_that_were_looked_at_and_the_same_ones_again(name: str) -> None:
    path = RECORDINGS / f"{name}.mcap"
    every, looks = shown(path)
    for number, picture in enumerate(looks):
        file = GOLDEN / f"{name}_{number}.png"
        assert np.array_equal(load(file), picture), (
            f"{file.name}: python -m tests.glasses.conversations, then look"
        )
    again, _ = shown(path)
    assert len(set(every)) > len(LOOKS_S)
    assert every == again


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_recording_is_whole_small_and_holds_no_sound(name: str) -> None:
    path, played = RECORDINGS / f"{name}.mcap", Played()
    topics = {recorded.topic.name for recorded in read(path, played=played)}
    assert played.complete and not played.unread and played.messages > 20
    assert topics <= set(TOPICS)
    assert path.stat().st_size < 20_000


def test_every_kept_picture_belongs_to_a_conversation_and_is_small() -> None:
    kept = {file.stem: file.stat().st_size for file in GOLDEN.glob("*.png")}
    assert set(kept) == {f"{name}_{number}" for name in NAMES for number in range(len(LOOKS_S))}
    assert max(kept.values()) < 16_000


def test_a_scripted_conversation_that_is_held_again_is_the_one_that_was_kept(tmp_path: Path) -> None:
    record_scripted(tmp_path / "again.mcap")

    def told(path: Path) -> list[object]:
        return [recorded.message for recorded in read(path)]

    assert told(tmp_path / "again.mcap") == told(RECORDINGS / "in_german.mcap")
