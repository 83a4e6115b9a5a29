from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.barcode.base import Floats
from models.barcode.gtin import expand_upce
from models.barcode.reader import BarcodeReader
from models.barcode.symbols import ean8_bits, ean13_bits, upce_bits
from tests.models.barcode.render import Image, blur, draw, ean8, ean13, lean, noise, shrink, turn, upce


class Typist:
    """A recogniser that sees ``text`` on every strip."""

    alphabet = "0123456789"

    def __init__(self, text: str) -> None:
        self._text = text

    def posteriors(self, strips: Sequence[Image]) -> list[Floats]:
        steps = np.zeros((2 * len(self._text), 11), np.float32)
        steps[0::2, 0] = 1.0
        steps[np.arange(1, len(steps), 2), [int(c) + 1 for c in self._text]] = 1.0
        return [steps for _ in strips]


def _sure(reader: BarcodeReader, image: Image) -> list[str]:
    return [code.gtin for code in reader.read([image]) if code.certainty == "sure"]


@pytest.mark.parametrize("seed", range(5))
def test_blur_noise_and_perspective_leave_an_ean13_sure(bars_only: BarcodeReader, seed: int) -> None:
    small = shrink(lean(draw(ean13_bits(ean13(seed)), module=4), 0.08), 0.45)
    image = noise(blur(small, 1.0), 5.0, seed)
    (code,) = bars_only.read([image])
    assert (code.gtin, code.certainty) == (ean13(seed), "sure")


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133, 180, 270, 341])
def test_any_direction_is_read_and_boxed(bars_only: BarcodeReader, degrees: int) -> None:
    image = turn(draw(ean13_bits(ean13(7)), module=2), degrees)
    (code,) = bars_only.read([image])
    assert (code.gtin, code.certainty) == (ean13(7), "sure")
    box = np.array(code.box)
    assert np.linalg.norm(box[1] - box[0]) == pytest.approx(190, abs=8)  # 95 modules of 2 px
    along = np.array([np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))])
    assert (box[1] - box[0]) @ along > 180  # from the symbol's own left to its right
    assert box.mean(axis=0) == pytest.approx(np.array(image.shape[1::-1]) / 2, abs=30)


def test_a_upca_has_its_own_name_and_thirteen_digits(bars_only: BarcodeReader) -> None:
    (code,) = bars_only.read([draw(ean13_bits("0036000291452"))])
    assert (code.gtin, code.symbology, code.text) == ("0036000291452", "UPC-A", "036000291452")


@pytest.mark.parametrize("seed", range(4))
def test_short_symbols_are_sure_when_two_witnesses_agree(bars_only: BarcodeReader, seed: int) -> None:
    (code,) = bars_only.read([blur(draw(ean8_bits(ean8(seed)), module=2), 0.8)])
    assert (code.gtin, code.symbology, code.certainty) == (ean8(seed), "EAN-8", "sure")
    (code,) = bars_only.read([blur(draw(upce_bits(upce(seed)), module=2), 0.8)])
    wanted = (expand_upce(upce(seed)), "UPC-E", "sure", upce(seed))
    assert (code.gtin, code.symbology, code.certainty, code.text) == wanted


def test_printed_digits_make_a_weak_code_sure() -> None:
    hidden = _veiled(ean13(11))
    (weak,) = BarcodeReader().read([hidden])
    assert weak.certainty == "probable"
    (code,) = BarcodeReader(Typist(ean13(11))).read([hidden])
    assert (code.gtin, code.certainty) == (ean13(11), "sure")


def test_other_printed_digits_do_not() -> None:
    codes = BarcodeReader(Typist(ean13(12))).read([_veiled(ean13(11))])
    assert not [code for code in codes if code.certainty == "sure"]


def _veiled(code: str) -> Image:
    """A symbol with one digit under glare, so that bars alone leave a doubt."""
    image = draw(ean13_bits(code), module=2)
    left = (11 + 3 + 7 * 3) * 2
    image[:, left : left + 12] = 235
    return noise(blur(image, 1.0), 2.0, 1)


def test_all_codes_of_a_shelf_are_read(bars_only: BarcodeReader) -> None:
    page = np.full((420, 520, 3), 180, np.uint8)
    for seed, (x, y) in enumerate([(20, 10), (270, 200)]):
        one = draw(ean13_bits(ean13(seed)), module=2)
        page[y : y + one.shape[0], x : x + one.shape[1]] = one
    assert sorted(_sure(bars_only, page)) == sorted([ean13(0), ean13(1)])


def test_a_small_code_in_a_large_photo(bars_only: BarcodeReader) -> None:
    page = np.full((2400, 3600, 3), 120, np.uint8)
    one = draw(ean13_bits(ean13(2)), module=6)
    page[900 : 900 + one.shape[0], 1500 : 1500 + one.shape[1]] = one
    (code,) = bars_only.read([page])
    assert (code.gtin, code.certainty) == (ean13(2), "sure")
    assert code.box[0][0] == pytest.approx(1500 + 66, abs=8)


def test_codes_of_other_kinds_are_passed_on_without_a_gtin(bars_only: BarcodeReader) -> None:
    for kind, name, certainty in (("QRCode", "QR Code", "sure"), ("Code128", "Code 128", "probable")):
        symbol = zxingcpp.create_barcode("BROWLINE-7", getattr(zxingcpp.BarcodeFormat, kind))
        gray = cv2.copyMakeBorder(
            np.array(symbol.to_image(scale=3)), 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(255,)
        )
        (code,) = bars_only.read([np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), np.uint8)])
        assert (code.gtin, code.symbology, code.text, code.certainty) == ("", name, "BROWLINE-7", certainty)


def test_a_later_frame_is_looked_at_only_when_needed(bars_only: BarcodeReader) -> None:
    blank = np.full((120, 200, 3), 90, np.uint8)
    first, second = (draw(ean13_bits(ean13(seed)), module=2) for seed in (0, 1))
    assert [code.gtin for code in bars_only.read([blank, first, second])] == [ean13(0)]
    assert bars_only.read([]) == []


def test_when_time_is_over_it_gives_what_it_has(bars_only: BarcodeReader) -> None:
    image = draw(ean13_bits(ean13(0)), module=2)
    asked = []

    def over() -> bool:
        asked.append(True)
        return True

    (code,) = bars_only.read([image, image], over)
    assert (code.gtin, code.certainty) == (ean13(0), "probable")  # one look, not confirmed
    assert len(asked) <= 3, "no further look is begun"


def test_the_same_photo_gives_the_same_answer(bars_only: BarcodeReader) -> None:
    image = noise(blur(draw(ean13_bits(ean13(4)), module=2), 1.2), 12.0, 4)
    assert bars_only.read([image]) == BarcodeReader().read([image])


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300), (300, 1), (2, 2), (7, 20000), (20000, 3), (0, 5), (5, 0)]
)
def test_odd_sizes_are_taken(bars_only: BarcodeReader, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    assert _sure(bars_only, rng.integers(0, 256, (*shape, 3)).astype(np.uint8)) == []


def test_views_and_read_only_images_are_taken(bars_only: BarcodeReader) -> None:
    image = draw(ean13_bits(ean13(0)), module=2)
    image.setflags(write=False)
    assert _sure(bars_only, image) == [ean13(0)]
    assert _sure(bars_only, image[::-1, ::-1]) == [ean13(0)]


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.tuples(st.integers(1, 90), st.integers(1, 90)).flatmap(lambda s: hnp.arrays(np.uint8, (*s, 3))))
def test_no_picture_breaks_it_and_none_is_sure(bars_only: BarcodeReader, image: Image) -> None:
    assert _sure(bars_only, image) == []
