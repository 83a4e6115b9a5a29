"""A clip on its way into the encoder: frames of one size, a few together, each group where it stands in time.

The encoder looks at one group of ``VisionShape.frames`` frames at a time, as it does at a still, so a clip of n
frames costs as much as n / frames stills.

Sizes and patches are those of transformers' Qwen2VLVideoProcessor and Qwen3VLVideoProcessor (5.24, without their
optional caps); resampling is Pillow's, as for stills, which on sharp edges differs a little from torchvision's.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.pixels import Picture, PictureError, check, resampled, within
from models.qwen_vl.shape import ClipShape, VisionShape


class Clip(msgspec.Struct, frozen=True):
    """``frames`` uint8[n, h, w, 3] in RGB, ``fps`` of them a second."""

    frames: NDArray[np.uint8]
    fps: float


def clip_of(video: Any, fps: Any) -> Clip:
    """A clip from an array uint8[n, h, w, 3] or its frames. Raises PictureError."""
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= 1e6:
        raise PictureError(f"a clip's fps is {fps!r}: say how many of its frames were taken in a second")
    if len(video) == 0:
        raise PictureError("the clip has no frames")
    for at, frame in enumerate(video):
        check(frame)
        if frame.shape != video[0].shape:
            sizes = [f"{each.shape[1]} × {each.shape[0]}" for each in (frame, video[0])]
            raise PictureError(
                f"frame {at + 1} of the clip is {sizes[0]}, the first is {sizes[1]}: bring them to one size"
            )
    return Clip(np.asarray(video), float(fps))


def clip_size(
    count: int, height: int, width: int, shape: VisionShape, clips: ClipShape, most: int | None = None
) -> tuple[int, int]:
    """Height and width of each of ``count`` frames; ``most`` is the most pixels of one."""
    side, (least, limit) = shape.patch * shape.merge, clips.pixels
    if not clips.stamped:
        return within(height, width, side, least, limit if most is None else min(limit, most))
    count = max(count, shape.frames)  # one frame is shown twice
    if min(height, width) < side:
        scale = side / min(height, width)
        height, width = int(height * scale), int(width * scale)
    limit = limit if most is None else min(limit, most * count)
    return within(height, width, side, least, limit, count, round(count / shape.frames) * shape.frames)


def groups(clip: Clip, shape: VisionShape, clips: ClipShape, most: int | None = None) -> NDArray[np.uint8]:
    """What the encoder looks at one after the other: uint8[groups, frames, h, w, 3], the last frame repeated.

    Raises PictureError.
    """
    count, height, width = clip.frames.shape[:3]
    size = clip_size(count, height, width, shape, clips, most)
    frames: list[Picture] = [resampled(frame, *size) for frame in clip.frames]
    frames += [frames[-1]] * (-count % shape.frames)
    return np.stack(frames).reshape(-1, shape.frames, *size, 3)


def times(count: int, fps: float, shape: VisionShape, clips: ClipShape) -> list[int]:
    """Where each of ``count`` groups stands on the time axis, from the clip's place on.

    Qwen2-VL counts groups; Qwen2.5-VL counts ``per_second`` in a second (arXiv 2502.13923 §2.1.2), in float32 as the
    reference does; Qwen3-VL says the time in words instead.
    """
    if clips.stamped:
        return [0] * count
    step = np.float32(clips.per_second * (shape.frames / fps)) if clips.per_second else np.float32(1)
    return [int(at) for at in np.arange(count, dtype=np.float32) * step]


def stamps(count: int, fps: float, depth: int) -> list[str]:
    """What Qwen3-VL reads before each group of ``depth`` out of ``count`` frames: the time of its middle.

    >>> stamps(3, 2.0, 2)
    ['<0.2 seconds>', '<1.0 seconds>']
    """
    at = [min(i, count - 1) / fps for i in range(math.ceil(count / depth) * depth)]
    return [f"<{(at[i] + at[i + depth - 1]) / 2:.1f} seconds>" for i in range(0, len(at), depth)]


def features(clip: Clip, shape: VisionShape, clips: ClipShape, most: int | None = None) -> int:
    """How many slots of a prompt a clip fills."""
    count, height, width = clip.frames.shape[:3]
    high, wide = clip_size(count, height, width, shape, clips, most)
    side = shape.patch * shape.merge
    made: int = math.ceil(count / shape.frames) * (high // side) * (wide // side)
    return made
