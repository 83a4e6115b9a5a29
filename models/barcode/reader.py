"""Reads product codes from photos: cheap looks first, more work only while nothing is sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from models.barcode import zxing
from models.barcode.bars import BarReader, Reading
from models.barcode.base import Code, Expired, Image, TextLineRecogniser
from models.barcode.boxes import covers, quad_of, region_of, same_place, scaled
from models.barcode.digits import read_digits
from models.barcode.judge import Verdict, judge
from models.barcode.locate import LEVELS, Region, find_regions, levels, same_region

LARGEST = 4096  # pixels of the longer side; a bigger photo is scaled down first
FIRST_LOOK = 1600  # pixels of the copy that zxing-cpp sees first
GOOD = 0.085  # misfit a module below which no other symbology is tried
DENSER = 0.16  # misfit below which more lines may help: glare may have left some of them alone
MANY_LINES = 24
LEGIBLE = 0.2  # misfit above which the place of the digits is not known


def never() -> bool:
    """A deadline that never comes."""
    return False


class _Found(msgspec.Struct, frozen=True):
    code: Code
    odds: float

    @property
    def sure(self) -> bool:
        return self.code.certainty == "sure"


class _Photo(msgspec.Struct, frozen=True):
    image: Image
    gray: NDArray[np.uint8]
    scale: float


class BarcodeReader:
    """Reads EAN-13, UPC-A, EAN-8 and UPC-E, and passes on what else zxing-cpp reads cleanly.

    ``text`` reads the digits under the bars, a second witness; without it fewer codes are sure.
    """

    def __init__(self, text: TextLineRecogniser | None = None) -> None:
        self._text = text
        self._bars = BarReader()

    def read(self, images: Sequence[Image], expired: Expired = never) -> list[Code]:
        """Codes in ``images``, frames uint8[H, W, 3] BGR of one view, the surest first.

        Boxes are in pixels of the frame a code was read from. Frames after the one that gave a sure product
        are not looked at. When ``expired()`` comes true, what was found by then is returned.
        """
        found: list[_Found] = []
        for image in images:
            if (photo := _photo(image)) is not None:
                found = _distinct([*found, *self._read_photo(photo, expired)])
            if expired() or any(f.sure and f.code.gtin for f in found):
                break
        return [f.code for f in found]

    def _read_photo(self, photo: _Photo, expired: Expired) -> list[_Found]:
        hits: list[zxing.Hit] = []
        regions: list[Region] = []
        found: list[_Found] = []
        for level in levels(photo.gray):
            hits += [hit for hit in _decoded(photo, level) if hit not in hits]
            new = _regions(photo.gray, level, [hit for hit in hits if hit.gtin], regions)
            regions += new
            for region in new:
                open_hits = _unsettled(hits, found)
                if expired() or (not open_hits and any(f.sure for f in found)):
                    break
                found += self._read_region(photo, region, [h for h in open_hits if covers(region, h.box)])
            if expired() or any(f.sure for f in found):
                break
        return [_enlarged(f, photo.scale) for f in found + _bare(hits, found)]

    def _read_region(self, photo: _Photo, region: Region, hits: Sequence[zxing.Hit]) -> Iterator[_Found]:
        decoded = {hit.gtin for hit in hits}
        symbols = ["EAN-13"]
        for symbol in symbols:
            reading = self._bars.read(photo.gray, region, symbol)
            if symbol == "EAN-13" and (reading is None or reading.cost > GOOD):
                symbols += ["EAN-8", "UPC-E"]
            if reading is None:
                continue
            verdict = self._verdict(photo, region, reading, decoded)
            if verdict.certainty != "sure" and reading.cost < DENSER:
                reading = self._bars.read(photo.gray, region, symbol, MANY_LINES) or reading
                verdict = self._verdict(photo, region, reading, decoded)
            if verdict.certainty is not None:
                yield _Found(_code(verdict, reading, region), verdict.odds)

    def _verdict(self, photo: _Photo, region: Region, reading: Reading, decoded: Set[str]) -> Verdict:
        """The verdict once it is sure, else the last one: each strip of text may settle it."""
        verdict = judge(reading, [], decoded)
        if self._text is not None and reading.cost < LEGIBLE:
            texts: list[str] = []
            for more in read_digits(photo.image, reading, region.height, self._text):
                texts += more
                verdict = judge(reading, texts, decoded)
                if verdict.certainty == "sure":
                    break
        return verdict


def _photo(image: Image) -> _Photo | None:
    """The image no larger than LARGEST, and how many of its pixels one pixel of the result stands for."""
    if min(image.shape[:2]) < 1:
        return None
    scale = max(1.0, max(image.shape[:2]) / LARGEST)
    if scale > 1.0:
        size = (max(1, round(image.shape[1] / scale)), max(1, round(image.shape[0] / scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _Photo(image, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8), scale)


def _decoded(photo: _Photo, level: int) -> list[zxing.Hit]:
    """What zxing-cpp reads: of a large photo a copy at first, the whole one at the finest level."""
    shrink = max(photo.gray.shape) / FIRST_LOOK
    if shrink <= 1.0:
        return zxing.decode(photo.gray) if level == LEVELS[0] else []
    if level == LEVELS[-1]:
        return zxing.decode(photo.gray)
    if level != LEVELS[0]:
        return []
    size = (max(1, round(photo.gray.shape[1] / shrink)), max(1, round(photo.gray.shape[0] / shrink)))
    small = np.asarray(cv2.resize(photo.gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    return [msgspec.structs.replace(hit, box=scaled(hit.box, shrink)) for hit in zxing.decode(small)]


def _regions(
    gray: NDArray[np.uint8], level: int, hits: Sequence[zxing.Hit], known: Sequence[Region]
) -> list[Region]:
    """New patches of bars, those that zxing-cpp could read first, and the hits that lie in no patch."""
    regions = [r for r in find_regions(gray, level) if not any(same_region(r, old) for old in known)]
    regions.sort(key=lambda region: not any(covers(region, hit.box) for hit in hits))
    bare = [hit for hit in hits if not any(covers(region, hit.box) for region in [*regions, *known])]
    return [region_of(hit.box) for hit in bare] + regions


def _unsettled(hits: Sequence[zxing.Hit], found: Sequence[_Found]) -> list[zxing.Hit]:
    """Product codes that zxing-cpp read where nothing is sure yet."""
    sure = [f.code.box for f in found if f.sure]
    return [hit for hit in hits if hit.gtin and not any(same_place(box, hit.box) for box in sure)]


def _bare(hits: Sequence[zxing.Hit], found: Sequence[_Found]) -> list[_Found]:
    """What zxing-cpp alone read: codes of other kinds, and product codes where nothing else was read."""
    taken = [f.code.box for f in found]
    return [
        _Found(_plain(hit), 0.0)
        for hit in hits
        if not hit.gtin or not any(same_place(box, hit.box) for box in taken)
    ]


def _plain(hit: zxing.Hit) -> Code:
    """What zxing-cpp read, unconfirmed; only error correction proves a text."""
    return Code(hit.gtin, hit.symbology, "sure" if hit.corrected else "probable", hit.box, hit.text)


def _code(verdict: Verdict, reading: Reading, region: Region) -> Code:
    upca = reading.symbol == "EAN-13" and verdict.gtin[0] == "0"
    symbology = "UPC-A" if upca else reading.symbol
    text = verdict.text[1:] if upca else verdict.text
    return Code(
        verdict.gtin,
        symbology,
        verdict.certainty or "probable",
        quad_of(reading, region.height),
        text,
    )


def _enlarged(found: _Found, scale: float) -> _Found:
    if scale == 1.0:
        return found
    code = found.code
    return _Found(msgspec.structs.replace(code, box=scaled(code.box, scale)), found.odds)


def _distinct(found: list[_Found]) -> list[_Found]:
    """Surest first; of codes at one place, and of equal codes, the first only."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda f: (not f.sure, not f.code.gtin, -f.odds)):
        twin = any(
            (one.code.gtin == other.code.gtin and one.code.text == other.code.text)
            or (bool(one.code.gtin) and bool(other.code.gtin) and same_place(one.code.box, other.code.box))
            for other in kept
        )
        if not twin:
            kept.append(one)
    return kept
