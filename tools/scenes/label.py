"""The flat face of a package with its price card, as a printer would make it."""

from __future__ import annotations

from math import cos, pi, sin

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tools.scenes import pen
from tools.scenes.ean13 import MODULES, QUIET, bars
from tools.scenes.product import Color, Product

WIDTH, HEIGHT = 1160, 860
BAND = 250  # the coloured head with brand and name
MODULE = 4  # pixels a module of the bar code
BARS = 170
WHITE, INK, TAG, RED = (252, 252, 250), (26, 26, 30), (255, 226, 60), (206, 40, 36)
Corners = NDArray[np.float64]


class Label(msgspec.Struct, frozen=True):
    """``image`` uint8[860, 1160, 3] RGB, and the corners float64[4, 2] of the bar code on it."""

    image: NDArray[np.uint8]
    code: Corners


def draw_label(product: Product) -> Label:
    """The product's face: name above, what is in it in the middle, price card and bar code below."""
    page = Image.new("RGB", (WIDTH, HEIGHT), product.ground)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, WIDTH, BAND), fill=product.accent)
    _motif(draw, product)
    pen.write(draw, (56, 82), product.brand, 40, product.ground, bold=True)
    size = 104
    while pen.width(product.name, size) > WIDTH - 330:
        size -= 4
    pen.write(draw, (54, 200), product.name, size, WHITE, bold=True)
    _lines(draw, product)
    _price_card(draw, product)
    code = _code(page, product.gtin)
    return Label(np.asarray(page), code)


def _motif(draw: ImageDraw.ImageDraw, product: Product) -> None:
    """A few shapes in the corner, so that the face looks printed rather than typed."""
    red, green, blue = product.accent
    paler: Color = (red // 2 + 90, green // 2 + 90, blue // 2 + 90)
    for step in range(7):
        x = WIDTH - 150 + 88 * cos(step * 2 * pi / 7)
        y = 126 + 78 * sin(step * 2 * pi / 7)
        if product.motif == "rings":
            draw.ellipse((x - 30, y - 27, x + 30, y + 27), outline=product.ground, width=15)
        elif product.motif == "leaves":
            draw.chord((x - 44, y - 30, x + 44, y + 34), step * 51, step * 51 + 150, fill=paler)
        else:
            draw.ellipse((x - 20, y - 8, x + 20, y + 32), fill=product.ground)
            draw.polygon(((x - 18, y + 4), (x + 18, y + 4), (x, y - 40)), fill=product.ground)


def _lines(draw: ImageDraw.ImageDraw, product: Product) -> None:
    draw.rounded_rectangle((36, BAND + 28, WIDTH - 36, BAND + 318), 14, fill=WHITE)
    y = BAND + 74
    for line in product.lines:
        for part in pen.wrap(line, 34, WIDTH - 130):
            pen.write(draw, (62, y), part, 34, INK)
            y += 48


def _price_card(draw: ImageDraw.ImageDraw, product: Product) -> None:
    left, top, right, bottom = 40, HEIGHT - 264, 560, HEIGHT - 22
    red, green, blue = product.ground
    shade: Color = (red * 2 // 3, green * 2 // 3, blue * 2 // 3)
    draw.rectangle((left + 7, top + 8, right + 7, bottom + 8), fill=shade)
    draw.rectangle((left, top, right, bottom), fill=TAG)
    draw.rectangle((left, top, right, top + 10), fill=RED)
    pen.write(draw, (left + 24, top + 58), product.price_title, 36, INK)
    pen.write(draw, (left + 24, top + 170), product.price_line, 108, INK, bold=True)
    pen.write(draw, (left + 24, bottom - 22), product.unit_price_line, 34, INK)


def _code(page: Image.Image, gtin: str) -> Corners:
    """Paste the symbol with its quiet zones and digits; returns the corners of its bars."""
    draw = ImageDraw.Draw(page)
    left, top = WIDTH - 40 - (MODULES + 7 + 4) * MODULE, HEIGHT - 240
    right, bottom = left + MODULES * MODULE, top + BARS
    draw.rectangle((left - (QUIET + 4) * MODULE, top - 20, WIDTH - 30, HEIGHT - 22), fill=WHITE)
    page.paste(Image.fromarray(bars(gtin, MODULE, BARS)), (left, top))
    baseline = bottom + 24
    pen.write(draw, (left - 10 * MODULE, baseline), gtin[0], 40, INK)
    for number, digit in enumerate(gtin[1:]):
        start = left + (3 + 7 * number + (5 if number > 5 else 0)) * MODULE
        pen.write(draw, (start + 3, baseline), digit, 40, INK)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
