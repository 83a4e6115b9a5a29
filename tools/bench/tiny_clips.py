"""Clips in questions to tiny checkpoints, and the same questions as the reference wants them."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.clips import Clip
from models.qwen_vl.engine import Engine
from models.qwen_vl.prompt import Prompt
from models.qwen_vl.turns import View
from tools.bench import tiny_vision


class Filmed(msgspec.Struct, frozen=True):
    """A prompt; ``plain``: its tokens with a picture's or a clip's token for each feature; what is seen, in order."""

    prompt: Prompt
    plain: list[int]
    pictures: list[NDArray[np.uint8]]
    clips: list[Clip]


# Frames, rows and columns of features, frames a second: an odd number of frames, one frame, more groups than rows.
DRAWN = {
    1: [(4, 2, 3, 2.0)],
    2: [(5, 3, 2, 3.0), (1, 1, 2, 1.0)],
    3: [(9, 1, 2, 0.8)],
}


def question(engine: Engine, tokens: list[int], seed: int) -> Filmed:
    """``tokens`` with the clips of ``seed`` among them, and a picture after the first. The model must see clips."""
    about = engine.folder.about.vision
    assert about is not None
    assert about.clips is not None
    side, rng = about.patch * about.merge, np.random.default_rng([79, seed])
    clips = [
        Clip(rng.integers(0, 256, (count, high * side, wide * side, 3), dtype=np.uint8), fps)
        for count, high, wide, fps in DRAWN[seed]
    ]
    picture = rng.integers(0, 256, (2 * side, side, 3), dtype=np.uint8)
    first, *rest = [View(clip) for clip in clips]
    there = tiny_vision.among(tokens, about.clips.token, len(clips))
    at = there.index(about.clips.token) + 1
    there.insert(at, about.token)
    prompt = engine.look(there, [first, View(picture), *rest])
    still = engine.look([about.token], [View(picture)]).items[0]
    plain = [_plain(item, still, about.token, about.clips.token) for item in prompt.items]
    return Filmed(prompt, plain, [picture], clips)


def _plain(item: int, still: int, picture: int, clip: int) -> int:
    if item >= 0:
        return item
    return picture if item == still else clip
