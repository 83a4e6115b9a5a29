"""Where the sizes of pictures and clips come from: one file for all, or a file each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.qwen_vl.shape import ClipShape, VisionShape
from tools.bench import tiny_qwen
from tools.export.build import build
from tools.export.errors import FamilyError


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return tiny_qwen.draw("qwen2_5_vl", 1, tmp_path / "tiny")


def sized(checkpoint: Path, **files: dict[str, Any]) -> tuple[VisionShape, ClipShape]:
    for name, content in files.items():
        (checkpoint / f"{name}.json").write_text(json.dumps(content))
    vision = build(checkpoint, checkpoint.parent / "built", "none").vision
    assert vision is not None
    assert vision.clips is not None
    return vision, vision.clips


def edges(least: int, most: int) -> dict[str, Any]:
    return {"size": {"shortest_edge": least, "longest_edge": most}}


def test_clips_have_a_file_of_their_own(checkpoint: Path) -> None:
    vision, clips = sized(
        checkpoint, preprocessor_config=edges(64, 640), video_preprocessor_config=edges(128, 1280)
    )
    assert (vision.pixels, clips.pixels, clips.per_second) == ((64, 640), (128, 1280), 4.0)


def test_without_it_they_have_that_of_pictures(checkpoint: Path) -> None:
    vision, clips = sized(checkpoint, preprocessor_config=edges(64, 640))
    assert (vision.pixels, clips.pixels) == ((64, 640), (64, 640))


def test_transformers_5_keeps_both_in_one(checkpoint: Path) -> None:
    both = {"image_processor": edges(65, 650), "video_processor": edges(129, 1290)}
    vision, clips = sized(checkpoint, preprocessor_config=edges(64, 640), processor_config=both)
    assert (vision.pixels, clips.pixels) == ((65, 650), (129, 1290))


def test_a_clips_token_outside_of_the_vocabulary_is_named(checkpoint: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"video_token_id": 10**6}))
    with pytest.raises(FamilyError, match="video_token_id 1000000 is outside"):
        build(checkpoint, checkpoint.parent / "built", "none")
