"""The digits printed under the bars (GS1 §4.15 human readable interpretation), as a second witness.

The strips above and below the bars are straightened and handed to a text recogniser; a code is then judged
by how many of its digits stand there in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from models.barcode.bars import Reading
from models.barcode.base import Floats, Image, TextLineRecogniser
from models.barcode.symbols import modules

PIXELS = 4  # a module, in the straightened patch
SIDE = 12  # modules beside the bars: the first digit, and a UPC-A's last one, stand there
REACH = 15  # modules above and below the bars
TALL = 11  # modules of a line of digits with its margins; the digits are 8.3 modules tall (§5.2.6.6)
LOOK_ALIKE = dict(zip("oOQDqgsSBZzIl", "0000995582211", strict=True))


class Support(msgspec.Struct, frozen=True):
    """How a line of text supports a code: digits of it that were found, and the cost of all that differs."""

    found: int
    cost: float


def read_digits(
    image: Image, reading: Reading, height: float, recogniser: TextLineRecogniser
) -> Iterator[list[str]]:
    """What the recogniser makes of the lines below and above the bars of ``reading``, best guess each.

    First where the bars seem to end, then, for as long as the caller asks, where their region of ``height``
    pixels does: glare and bent paper can hide the one or the other.
    """
    patch, inside, lines = straighten(image, reading, height)
    top, bottom = _bar_rows(patch, inside, lines)
    margin = REACH * PIXELS
    for first, last in ((top, bottom), (margin, len(patch) - margin)):
        strips = _strips(patch, inside, first, last)
        if strips:
            yield [_greedy(steps, recogniser.alphabet) for steps in recogniser.posteriors(strips)]


def support(code: str, lines: Sequence[str]) -> Support:
    """How the best of ``lines`` supports ``code`` (a UPC-A is judged without its leading 0)."""
    wanted = code[1:] if len(code) == 13 and code[0] == "0" else code
    options = [_align(wanted, line) for line in lines]
    return min(options, key=lambda s: s.cost, default=Support(0, float(len(wanted))))


def _align(code: str, line: str) -> Support:
    """Edit distance with the marks that guard bars leave in the text nearly free."""
    costs = np.arange(len(code) + 1, dtype=np.float64)
    founds = np.zeros(len(code) + 1, np.int64)
    for char in line:
        skip = 1.0 if char.isdigit() and char != "1" else 0.15
        new, new_found = costs + skip, founds.copy()
        for i, digit in enumerate(code, 1):
            same = char == digit
            alike = LOOK_ALIKE.get(char) == digit
            swap = costs[i - 1] + (0.0 if same else 0.3 if alike else 1.0)
            if swap <= new[i]:
                new[i], new_found[i] = swap, founds[i - 1] + (same or alike)
            if new[i - 1] + 1.0 < new[i]:
                new[i], new_found[i] = new[i - 1] + 1.0, new_found[i - 1]
        costs, founds = new, new_found
    return Support(int(founds[-1]), float(costs[-1]))


def _greedy(steps: Floats, alphabet: str) -> str:
    best = steps.argmax(axis=1) if steps.size else np.zeros(0, np.int64)
    before = np.concatenate(([0], best[:-1]))
    return "".join(alphabet[c - 1] for c in best[(best != 0) & (best != before)])


def _strips(patch: Image, inside: NDArray[np.bool_], top: int, bottom: int) -> list[Image]:
    tall = TALL * PIXELS
    cuts = [slice(max(0, bottom - 2), bottom + tall), slice(max(0, top - tall), top + 2)]
    return [np.ascontiguousarray(patch[cut]) for cut in cuts if inside[cut].sum() > tall * 0.6]


def straighten(
    image: Image, reading: Reading, height: float
) -> tuple[Image, NDArray[np.bool_], NDArray[np.intp]]:
    """The symbol and what is above and below, four pixels a module, bars upright.

    Also which rows lie inside the image, and the rows where the scan lines ran.
    """
    frame, wide = reading.frame, modules(reading.symbol)
    start, end = (_line_fit(reading.rows, reading.edges[:, k]) for k in (0, -1))
    module = (
        float(np.hypot(frame.ux, frame.uy))
        * float((reading.edges[:, -1] - reading.edges[:, 0]).mean())
        / wide
    )
    module = max(module, 0.3)
    count = round((height / module + 2 * REACH) * PIXELS)
    v = ((np.arange(count) / PIXELS - REACH) * module)[:, None]
    t = (np.arange((wide + 2 * SIDE) * PIXELS) / PIXELS - SIDE)[None, :] / wide
    u = (start[0] * v + start[1]) * (1 - t) + (end[0] * v + end[1]) * t
    x, y = frame.x + u * frame.ux + v * frame.vx, frame.y + u * frame.uy + v * frame.vy
    patch = cv2.remap(
        image,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    h, w = image.shape[:2]
    inside = ((x >= -0.5) & (y >= -0.5) & (x < w) & (y < h)).mean(axis=1) > 0.5
    lines = np.clip(np.rint((np.asarray(reading.rows) / module + REACH) * PIXELS), 0, count - 1).astype(
        np.intp
    )
    return np.asarray(patch, np.uint8), inside, lines


def _line_fit(rows: Sequence[float], places: Floats) -> tuple[float, float]:
    """Slope and offset of an end of the symbol over the rows; medians, since a line or two may be off."""
    if len(rows) < 3 or max(rows) - min(rows) < 4:
        return 0.0, float(np.median(places))
    steps = np.asarray(rows)
    slope = float(np.median((places[2:] - places[:-2]) / (steps[2:] - steps[:-2])))
    return slope, float(np.median(places - slope * steps))


def _bar_rows(patch: Image, inside: NDArray[np.bool_], lines: NDArray[np.intp]) -> tuple[int, int]:
    """The first row of the bars, and the one after their last: rows that look like the scan lines."""
    gray = cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)[:, SIDE * PIXELS : -SIDE * PIXELS].astype(np.float32)
    wanted = np.median(gray[lines], axis=0)
    wanted -= wanted.mean()
    gray -= gray.mean(axis=1, keepdims=True)
    norms = np.sqrt((gray * gray).sum(axis=1) * float((wanted * wanted).sum()) + 1e4)
    bars = (gray @ wanted / norms > 0.5) & inside
    # A gap of up to two modules is a scratch or glare, not the end of the bars.
    closed = np.convolve(bars, np.ones(2 * PIXELS + 1), "same") > 0
    middle = int(np.median(lines))
    gaps = np.flatnonzero(~closed)
    above, below = gaps[gaps < middle], gaps[gaps > middle]
    top = int(above[-1]) + 1 + PIXELS if len(above) else 0
    bottom = int(below[0]) - PIXELS if len(below) else len(closed)
    return top, max(bottom, top + 1)
