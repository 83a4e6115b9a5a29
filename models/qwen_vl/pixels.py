"""A picture on its way into the encoder: size, resampling, patches; as Qwen2-VL's processor does it.

Sizes: ``smart_resize`` of the published preprocessing (QwenLM/Qwen2-VL, qwen-vl-utils, ``vision_process.py``).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from models.base import ModelError
from models.qwen_vl.shape import VisionShape

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "PPM")
LONGEST_TO_SHORTEST = 200
LARGEST = 40_000_000  # pixels; unpacking one takes 20 bytes
MOST_SEEN = 1 << 24  # pixels; the largest limit of a published model

Picture = NDArray[np.uint8]


class PictureError(ModelError, ValueError):
    """A picture that can't be looked at."""


def decode(data: bytes) -> Picture:
    """A picture file's content as uint8[h, w, 3] in RGB, the right way up, on white where it is transparent.

    Raises PictureError.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as file:
            _bound(file)
            upright = ImageOps.exif_transpose(file)
            if upright.has_transparency_data:
                clear = upright.convert("RGBA")
                upright = Image.new("RGBA", clear.size, "white")
                upright.alpha_composite(clear)
            return np.asarray(upright.convert("RGB"))
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"this is no picture file; it can be {', '.join(FORMATS)}") from None
    except Exception as error:  # what a hostile file makes the decoders raise is of every kind
        raise PictureError(f"the picture is damaged: {error}") from error


def _bound(file: Image.Image) -> None:
    """Before anything is unpacked: a few KB can hold a picture of any size. A large JPEG is unpacked smaller."""
    if (pixels := file.width * file.height) <= LARGEST:
        return
    by = next((by for by in (2, 4) if pixels <= by * by * LARGEST), 8)
    file.draft("", (file.width // by, file.height // by))
    if file.width * file.height > LARGEST:
        raise PictureError(f"the picture has {pixels / 1e6:.0f} million pixels; make it smaller")


def check(picture: Picture) -> None:
    """Raise PictureError unless ``picture`` is uint8[h, w, 3] of sensible sizes."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise PictureError(f"a picture is uint8[h, w, 3], not {picture.dtype}{list(picture.shape)}")
    height, width = picture.shape[:2]
    if not height * width:
        raise PictureError("the picture is empty")
    if height * width > LARGEST:
        raise PictureError(f"the picture has {height * width / 1e6:.0f} million pixels; make it smaller")
    if max(height, width) > LONGEST_TO_SHORTEST * min(height, width):
        raise PictureError(f"the picture is {width} × {height}: too narrow, cut out what matters")


def target_size(height: int, width: int, shape: VisionShape, most: int | None = None) -> tuple[int, int]:
    """Height and width that are multiples of a merged patch, within the limits, of about the same proportions.

    ``most`` lowers the model's own limit of pixels.
    """
    side = shape.patch * shape.merge
    least, limit = (min(pixels, MOST_SEEN) for pixels in shape.pixels)
    return within(height, width, side, least, max(side * side, min(limit, most or limit)))


def within(
    height: int, width: int, side: int, least: int, limit: int, count: int = 1, counted: int = 1
) -> tuple[int, int]:
    """Multiples of ``side`` of about these proportions, from ``least`` to ``limit`` pixels in ``count`` frames.

    ``counted``: how many frames they are taken for where nothing but the limits is asked.
    """
    high, wide = round(height / side) * side, round(width / side) * side
    if counted * high * wide > limit:
        by = math.sqrt(count * height * width / limit)
        high = max(side, math.floor(height / by / side) * side)
        wide = max(side, math.floor(width / by / side) * side)
    elif counted * high * wide < least:
        by = math.sqrt(least / (count * height * width))
        high, wide = math.ceil(height * by / side) * side, math.ceil(width * by / side) * side
    return high, wide


def resized(picture: Picture, shape: VisionShape, most: int | None = None) -> Picture:
    """uint8[h, w, 3] in ``target_size``, bicubic with antialiasing. Raises PictureError."""
    check(picture)
    return resampled(picture, *target_size(picture.shape[0], picture.shape[1], shape, most))


def resampled(picture: Picture, high: int, wide: int) -> Picture:
    """uint8[h, w, 3] → uint8[high, wide, 3], bicubic with antialiasing."""
    if picture.shape[:2] == (high, wide):
        return picture
    image = Image.fromarray(np.ascontiguousarray(picture)).resize((wide, high), Image.Resampling.BICUBIC)
    return np.asarray(image)


def patches(frames: Sequence[Picture], shape: VisionShape) -> NDArray[np.float32]:
    """Resized frames as float32[n, inputs]: merged blocks in rows, the patches of a block together.

    As many frames as a patch is deep, or one: a still is as many equal ones.
    """
    deep: NDArray[np.float32] = np.concatenate([_blocks(frame, shape) for frame in frames], axis=2)
    if len(frames) == 1:
        deep = np.repeat(deep, shape.frames, axis=2)
    return np.ascontiguousarray(deep.reshape(len(deep), -1))


def _blocks(picture: Picture, shape: VisionShape) -> NDArray[np.float32]:
    """float32[n, 3, 1, patch²]."""
    size, merge = shape.patch, shape.merge
    high, wide = picture.shape[0] // size, picture.shape[1] // size
    # As the reference does it: (x / 255 − mean) / std with both folded into one step.
    mean, std = (np.asarray(values, np.float32) * np.float32(255) for values in (shape.mean, shape.std))
    values = (picture.astype(np.float32) - mean) / std
    blocks = values.reshape(high // merge, merge, size, wide // merge, merge, size, 3)
    ordered: NDArray[np.float32] = blocks.transpose(0, 3, 1, 4, 6, 2, 5)
    return ordered.reshape(high * wide, 3, 1, size * size)
