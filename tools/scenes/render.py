"""Products → pictures with their truth: the simulator's shelf, and as many random variants as one wants."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.scenes.label import draw_label
from tools.scenes.photo import Photo, View, photograph, random_view
from tools.scenes.product import SHELF, Product, random_product

WIDTH, HEIGHT = 1280, 960
QUALITY = 86
VIEWS = {
    "cereal": View(yaw=-12.0, pitch=6.0, roll=2.5),
    "tea": View(yaw=11.0, pitch=-7.0, roll=-3.0),
    "milk": View(yaw=13.0, pitch=8.0, roll=-2.0),
}


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture shows; ``code`` are the bar code's corners [x, y] in pixels, clockwise from its top left."""

    gtin: str
    symbology: str = "EAN-13"
    brand: str
    name: str
    price: float
    currency: str
    unit_price: float
    unit: str
    net_content: str
    ingredients: str
    allergens: str
    best_before: str
    produced: str
    code: tuple[tuple[int, int], ...]


def render_variant(seed: int) -> tuple[NDArray[np.uint8], Truth]:
    """A random product in a random view: (uint8[960, 1280, 3] BGR, its truth); one seed, one picture."""
    rng = np.random.default_rng(seed)
    product = random_product(rng)
    photo = photograph(draw_label(product), random_view(rng), rng, WIDTH, HEIGHT)
    return photo.image, truth_of(product, photo)


def render_shelf(out: Path) -> dict[str, Truth]:
    """Write the shelf's JPEGs and ``truth.json`` into ``out``, which is made. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    truths: dict[str, Truth] = {}
    for name, product in SHELF.items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        photo = photograph(draw_label(product), VIEWS[name], rng, WIDTH, HEIGHT)
        (out / f"{name}.jpg").write_bytes(jpeg(photo.image))
        truths[name] = truth_of(product, photo)
    (out / "truth.json").write_bytes(msgspec.json.format(msgspec.json.encode(truths), indent=2) + b"\n")
    return truths


def truth_of(product: Product, photo: Photo) -> Truth:
    """The product's facts and where its code lies."""
    corners = tuple((round(float(x)), round(float(y))) for x, y in photo.code)
    facts = {name: getattr(product, name) for name in Truth.__struct_fields__ if hasattr(product, name)}
    return Truth(**facts, code=corners)


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """uint8[H, W, 3] BGR → the bytes of a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image[:, :, ::-1])).save(
        file, "JPEG", quality=QUALITY, optimize=True
    )
    return file.getvalue()
