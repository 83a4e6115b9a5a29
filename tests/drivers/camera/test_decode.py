from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.base import DriverError
from drivers.camera.decode import LONGEST, PictureError, load_picture

ORIENTATION = 0x0112
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")


def file_of(picture: Image.Image, kind: str, **how: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def read(folder: Path, data: bytes) -> Any:
    path = folder / "picture"
    path.write_bytes(data)
    return load_picture(path)


def halves(left: Any, right: Any, mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    picture = Image.new(mode, size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    return picture


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_comes_as_blue_green_red(tmp_path: Path, kind: str) -> None:
    image = read(tmp_path, file_of(halves((250, 10, 10), (10, 10, 250)), kind))
    assert image.shape == (20, 40, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
    assert np.abs(image[10, 5].astype(int) - (10, 10, 250)).max() < 12
    assert np.abs(image[10, 35].astype(int) - (250, 10, 10)).max() < 12


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, (0, 0)),
        (2, (0, -1)),
        (3, (-1, -1)),
        (4, (-1, 0)),
        (5, (0, 0)),
        (6, (0, -1)),
        (7, (-1, -1)),
        (8, (-1, 0)),
    ],
)
def test_exif_says_which_way_is_up(tmp_path: Path, orientation: int, corner: tuple[int, int]) -> None:
    picture = Image.new("L", (64, 32), 0)
    picture.paste(255, (0, 0, 16, 16))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = read(tmp_path, file_of(picture, "JPEG", exif=exif))
    assert image.shape == ((32, 64, 3) if orientation < 5 else (64, 32, 3))
    down, across = corner
    bright = np.argwhere(image[:, :, 0] > 128)
    assert (bright.min(axis=0)[0] == 0) == (down == 0) and (bright.min(axis=0)[1] == 0) == (across == 0)


def test_broken_exif_does_not_lose_the_picture(tmp_path: Path) -> None:
    image = read(tmp_path, file_of(halves(20, 200, "L"), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"))
    assert image.shape == (20, 40, 3)


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    grey = Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))
    assert read(tmp_path, file_of(grey, "PNG"))[0, :, 0].tolist() == [0, 127, 255]


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    for mode, clear in (("RGBA", (0, 0, 0, 0)), ("LA", (0, 0))):
        assert read(tmp_path, file_of(Image.new(mode, (3, 3), clear), "PNG")).min() == 255
    palette = Image.new("P", (3, 3), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    assert read(tmp_path, file_of(palette, "PNG", transparency=1)).min() == 255
    assert read(tmp_path, file_of(palette, "GIF"))[0, 0].tolist() == [0, 0, 200]


def test_cmyk_is_turned_to_rgb(tmp_path: Path) -> None:
    cyan = read(tmp_path, file_of(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG"))
    assert cyan[8, 8, 2] < 40 and cyan[8, 8, 0] > 200


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_counts(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    image = read(tmp_path, file_of(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert image[4, 4, 2] > 200 and image[4, 4, 0] < 60


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    assert read(tmp_path, file_of(Image.new("RGB", (1, 1)), "PNG")).shape == (1, 1, 3)


@pytest.mark.parametrize("mode", ["RGB", "P", "1", "L", "LA", "I;16", "CMYK"])
def test_twenty_thousand_pixels_are_reduced(tmp_path: Path, mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    image = read(tmp_path, file_of(Image.new(mode, (20_000, 40)), kind))
    assert image.shape == (8, LONGEST, 3)


def test_a_large_jpeg_is_reduced(tmp_path: Path) -> None:
    image = read(tmp_path, file_of(Image.new("L", (100, 20_000), 77), "JPEG"))
    assert image.shape[0] == LONGEST and abs(int(image[2000, 5, 0]) - 77) < 3


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 12_000), (2**31 - 1, 1)])
def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="too large to read; reduce it first"):
        read(tmp_path, png_that_claims(*size))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_what_is_no_picture_says_what_to_give(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(PictureError, match=says) as caught:
        read(tmp_path, data)
    assert isinstance(caught.value, DriverError) and isinstance(caught.value, ValueError)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.jpg"):
        with pytest.raises(PictureError, match="can't be read"):
            load_picture(path)


def test_half_a_photo_asks_for_a_new_copy(tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = file_of(noise, "JPEG")
    with pytest.raises(PictureError, match="take or copy it again"):
        read(tmp_path, data[: len(data) // 2])


ORIGINALS = [
    file_of(
        halves((9, 99, 199), (240, 20, 10)),
        kind,
        **({"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"} if kind == "JPEG" else {}),
    )
    for kind in KINDS
] + [file_of(Image.new(mode, (9, 9)), "PNG") for mode in ("LA", "P", "I;16", "1")]
HURT = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@HURT
@given(st.sampled_from(ORIGINALS), st.data())
def test_mutilated_files_give_a_picture_or_a_picture_error(
    tmp_path: Path, original: bytes, data: st.DataObject
) -> None:
    hurt = bytearray(original)
    for _ in range(data.draw(st.integers(1, 8))):
        hurt[data.draw(st.integers(0, len(hurt) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(hurt)))
    try:
        image = read(tmp_path, bytes(hurt[:cut] if data.draw(st.booleans()) else hurt))
    except PictureError as error:
        assert "\n" not in str(error) and str(tmp_path) in str(error)
    else:
        assert image.dtype == np.uint8 and image.ndim == 3 and max(image.shape) <= LONGEST
