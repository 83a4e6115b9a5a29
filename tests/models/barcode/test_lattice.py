from __future__ import annotations

import numpy as np
import pytest

from models.barcode.base import Floats
from models.barcode.gtin import expand_upce, is_valid
from models.barcode.lattice import Ranked, rank_ean8, rank_ean13, rank_upce
from models.barcode.symbols import EAN13_PARITY, UPCE_PARITY
from tests.models.barcode.render import ean8, ean13, upce


def _table(digits: str, sets: str, seed: int) -> Floats:
    """Likelihoods that favour ``digits``, over some noise."""
    table = np.random.default_rng(seed).normal(0, 0.5, (len(digits), 20)).astype(np.float32)
    for row, digit, which in zip(table, digits, sets, strict=True):
        row[int(digit) + (10 if which == "B" else 0)] += 8.0
    return table


@pytest.mark.parametrize("seed", range(8))
def test_the_favoured_code_comes_first(seed: int) -> None:
    code = ean13(seed)
    ranked = rank_ean13(_table(code[1:], EAN13_PARITY[int(code[0])] + "C" * 6, seed))
    assert ranked.codes[0] == code
    assert ranked.margin > 3.0
    assert all(map(is_valid, ranked.codes))
    assert list(ranked.scores) == sorted(ranked.scores, reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_short_codes_come_first_too(seed: int) -> None:
    assert rank_ean8(_table(ean8(seed), "A" * 8, seed)).codes[0] == ean8(seed)
    code = upce(seed)
    ranked = rank_upce(_table(code[1:7], UPCE_PARITY[int(code[7])], seed))
    assert ranked.codes[0] == code
    assert all(expand_upce(one) for one in ranked.codes)


def test_the_check_digit_mends_a_misread_digit() -> None:
    code = ean13(3)
    table = _table(code[1:], EAN13_PARITY[int(code[0])] + "C" * 6, 3)
    table[8, int(code[9])] -= 8.5  # now some other digit looks as good or better
    assert rank_ean13(table).codes[0] == code


def test_the_ranking_is_exact() -> None:
    table = np.random.default_rng(5).normal(0, 3, (8, 20)).astype(np.float32)
    best = max(
        (f"{n:07d}" for n in range(0, 10**7, 99_991)),
        key=lambda body: sum(float(table[i, int(d)]) for i, d in enumerate(_closed(body))),
    )
    reached = sum(float(table[i, int(d)]) for i, d in enumerate(_closed(best)))
    assert rank_ean8(table).scores[0] >= reached


def _closed(body: str) -> str:
    return next(body + c for c in "0123456789" if is_valid(body + c))


def test_a_lone_code_has_no_margin() -> None:
    assert Ranked(("0",), (1.0,)).margin == 0.0
