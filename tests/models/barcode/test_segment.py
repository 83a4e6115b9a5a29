"""The chain of segments: found where it stands, and in one thread's time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from models.barcode.base import Floats
from models.barcode.segment import Segmenter
from models.barcode.symbols import SYMBOLS, ean13_bits, light

CODE, MODULE, START = "4006381333931", 3.5, 60.0


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(SYMBOLS)


def lines(count: int, noise: float) -> Floats:
    """Scan lines float32[count, 578] across a symbol whose module is MODULE samples wide, from START on."""
    at = ((np.arange(578) + 0.5 - START) / MODULE).astype(np.float32)
    clean = 40 + 180 * light(f"00{ean13_bits(CODE)}00", at + 2, 0.4)
    drawn = np.random.default_rng(3).normal(0, noise, (count, 578))
    return (clean[None, :] + drawn).astype(np.float32)


@pytest.mark.parametrize("count", [1, 3, 8, 24])
def test_segments_end_where_the_symbol_has_them(segmenter: Segmenter, count: int) -> None:
    chain = segmenter.chain(lines(count, 5.0), "EAN-13")
    modules = np.cumsum([0, *(segment.modules for segment in SYMBOLS["EAN-13"])])
    expected = START + MODULE * modules
    assert np.abs(chain.edges - expected).max() < MODULE
    assert chain.costs.max() / 95 < 0.05


def test_no_helper_thread_spins_beside_it(segmenter: Segmenter) -> None:
    """A library's helpers that wait for work burn ten times the time of the work; the glasses have other work."""
    noise = lines(8, 200.0)
    beside = []
    for _ in range(5):  # the least: another test's thread may still be busy
        whole, own = time.process_time(), time.thread_time()
        segmenter.chain(noise, "EAN-13")
        own, whole = time.thread_time() - own, time.process_time() - whole
        beside.append((whole - own) / own)
    assert min(beside) < 0.3
