from __future__ import annotations

import numpy as np
import pytest
import zxingcpp

from models.barcode.symbols import SYMBOLS, ean8_bits, ean13_bits, light, modules, upce_bits
from tests.models.barcode.render import draw, ean8, ean13, upce


@pytest.mark.parametrize("seed", range(6))
def test_another_library_reads_our_bits(seed: int) -> None:
    for bits, text in (
        (ean13_bits(ean13(seed)), ean13(seed)),
        (ean8_bits(ean8(seed)), ean8(seed)),
    ):
        assert [code.text for code in zxingcpp.read_barcodes(draw(bits))] == [text]
    (code,) = zxingcpp.read_barcodes(draw(upce_bits(upce(seed))))
    assert str(code.format) == "UPC-E"


def test_symbols_are_as_wide_as_the_standard_says() -> None:
    assert {name: modules(name) for name in SYMBOLS} == {"EAN-13": 95, "EAN-8": 67, "UPC-E": 51}
    assert len(ean13_bits(ean13(1))) == 95


def test_blurred_light_keeps_its_level_and_its_mean() -> None:
    at = np.arange(-4.0, 8.0, 0.01, dtype=np.float32)
    seen = light("0110", at, 0.5)
    assert seen[0] == pytest.approx(1.0, abs=1e-3) and seen[-1] == pytest.approx(1.0, abs=1e-3)
    assert float((1.0 - seen).sum()) * 0.01 == pytest.approx(2.0, abs=0.01)  # two dark modules
    wide = light("0110", at, 0.5, spread=0.2)
    assert float((1.0 - wide).sum()) * 0.01 == pytest.approx(2.2, abs=0.01)
