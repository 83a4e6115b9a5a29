"""Any picture file → uint8[H, W, 3] BGR, upright, of bounded size; or one clear error."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import DriverError

LONGEST = 4096  # pixels on the longer side: more than any label needs, and bounded memory
MOST_PIXELS = 100_000_000  # decoded at once: 400 MB in Pillow; a JPEG comes reduced before it counts
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")  # no EPS: Pillow would run Ghostscript on it
BROKEN = (  # what Pillow's readers let through on broken files
    OSError, SyntaxError, ValueError, ArithmeticError, EOFError, LookupError, TypeError, AttributeError,
    NotImplementedError, RuntimeError, AssertionError, struct.error,
)  # fmt: skip


class PictureError(DriverError, ValueError):
    """The file is no picture that can be read; the message says what to do."""


def load_picture(path: Path) -> NDArray[np.uint8]:
    """Read JPEG, PNG, WebP, GIF, TIFF or BMP (first frame), turned as its EXIF says, transparency on white.

    A picture with more than 4,096 pixels on a side is reduced. Raises PictureError.
    """
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the limit below is ours; broken EXIF is no reason to complain
        try:
            with Image.open(path, formats=FORMATS) as picture:
                return _pixels(picture, path)
        except UnidentifiedImageError as error:
            raise PictureError(f"{path}: not a picture; give JPEG, PNG, WebP, GIF, TIFF or BMP") from error
        except (MemoryError, Image.DecompressionBombError) as error:
            raise PictureError(f"{path}: too large to read; reduce it first") from error
        except PictureError:
            raise
        except BROKEN as error:
            why = getattr(error, "strerror", None) or error
            raise PictureError(f"{path}: can't be read ({why}); take or copy it again") from error


def _pixels(picture: Any, path: Path) -> NDArray[np.uint8]:
    if not picture.info.get("progressive"):  # which holds all coefficients in memory, however it is reduced
        picture.draft("RGB", (LONGEST, LONGEST))  # a JPEG is decoded reduced, which saves memory and time
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureError(f"{path}: {picture.width}×{picture.height} is too large to read; reduce it first")
    picture.load()
    if max(picture.size) > LONGEST:
        gap = None if picture.mode.startswith("I;16") else 2.0  # Pillow can't reduce 16 bits in two steps
        picture.thumbnail((LONGEST, LONGEST), reducing_gap=gap)
    rgb = np.asarray(_to_rgb(_upright(picture)), np.uint8)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _upright(picture: Any) -> Any:
    """Turned as its EXIF says; broken EXIF says nothing."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except BROKEN:
        return picture


def _to_rgb(picture: Any) -> Any:
    """Eight bits, three channels: 16-bit greys are scaled, transparency is laid on white."""
    from PIL import Image

    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        grey = np.asarray(picture, np.float64)
        scale = 255 / 65535 if picture.mode != "F" else 255 / max(float(grey.max(initial=0.0)), 1e-9)
        return Image.fromarray(np.clip(grey * scale, 0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")
