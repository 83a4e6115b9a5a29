from __future__ import annotations

import numpy as np
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from models.barcode.gtin import check_digit
from tools.scenes.ean13 import MODULES, bars, in_store, modules


def test_the_modules_of_a_published_symbol() -> None:
    assert modules("5901234123457") == (
        "101" "0001011" "0100111" "0110011" "0010011" "0111101" "0011101"
        "01010" "1100110" "1101100" "1000010" "1011100" "1001110" "1000100" "101"
    )  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**12 - 1))
def test_a_reader_reads_what_is_drawn(body: int) -> None:
    digits = f"{body:012}"
    gtin = f"{digits}{check_digit(digits)}"
    symbol = np.pad(bars(gtin, 3, 60), 40, constant_values=255)
    assert [result.text for result in zxingcpp.read_barcodes(symbol)] == [gtin]


def test_guards_reach_lower_than_the_digits_bars() -> None:
    symbol = bars(in_store(7), 2, 50)
    assert symbol.shape == (50, 2 * MODULES)
    assert np.flatnonzero(symbol[-1] == 0).size == 2 * 6 and symbol[0].min() == 0


@given(st.integers(0, 10**10 - 1))
def test_invented_goods_use_a_shops_own_prefix(number: int) -> None:
    gtin = in_store(number)
    assert len(gtin) == 13 and gtin.startswith("20") and check_digit(gtin[:12]) == gtin[12]
