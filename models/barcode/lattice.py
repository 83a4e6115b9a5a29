"""The best codes under a table of digit likelihoods: exact, over all codes whose check digit is right."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from models.barcode.base import Floats
from models.barcode.symbols import EAN13_PARITY, UPCE_PARITY

KEEP = 12  # codes kept for each remainder


class Ranked(msgspec.Struct, frozen=True):
    """Codes from the likeliest down, with log-likelihoods."""

    codes: tuple[str, ...]
    scores: tuple[float, ...]

    @property
    def margin(self) -> float:
        """Log-odds of the first code against the others together."""
        rest = np.asarray(self.scores[1:], np.float64)
        return float(self.scores[0] - np.logaddexp.reduce(rest)) if len(rest) else 0.0


def rank_ean13(table: Floats, most: int = 24) -> Ranked:
    """Codes by ``table`` float32[12, 20] (left digits by set A, B; right digits by set C)."""
    found: list[tuple[float, str]] = []
    for first, parity in enumerate(EAN13_PARITY):
        left = [row[:10] if s == "A" else row[10:] for row, s in zip(table[:6], parity, strict=True)]
        rows = np.stack([*left, *[row[:10] for row in table[6:]]])
        weights = [3, 1] * 6
        found += [(score, f"{first}{code}") for score, code in _paths(rows, weights, first)]
    return _ranked(found, most)


def rank_ean8(table: Floats, most: int = 24) -> Ranked:
    """Codes by ``table`` float32[8, ≥ 10]."""
    return _ranked(_paths(table[:, :10], [3, 1] * 4, 0), most)


def rank_upce(table: Floats, most: int = 24) -> Ranked:
    """Codes of 8 digits (number system 0, six, check) by ``table`` float32[6, 20].

    Number system 1 is left out: its parities are those of EAN-13's left half, which would then be taken for
    it, and GS1 gives it to nobody (§5.2.2.4).
    """
    found: list[tuple[float, str]] = []
    for check, parity in enumerate(UPCE_PARITY):
        rows = [row[:10] if s == "A" else row[10:] for row, s in zip(table, parity, strict=True)]
        found += _upce_paths(np.stack(rows), check)
    return _ranked(found, most)


def _upce_paths(rows: Floats, check: int) -> list[tuple[float, str]]:
    """Where the six digits go in the UPC-A, and so their weights, hangs on the last of them."""
    found = []
    for last in range(10):
        weights = _upce_weights(last)
        tail = float(rows[5, last])
        for score, five in _paths(rows[:5], weights[:5], weights[5] * last + check):
            found.append((score + tail, f"0{five}{last}{check}"))
    return found


def _upce_weights(last: int) -> tuple[int, ...]:
    """The check weights of the six digits where the UPC-A has them (GS1 §5.2.2.4.2)."""
    if last < 3:
        return (1, 3, 3, 1, 3, 1)
    if last == 3:
        return (1, 3, 1, 1, 3, 0)
    if last == 4:
        return (1, 3, 1, 3, 3, 0)
    return (1, 3, 1, 3, 1, 3)


def _ranked(found: list[tuple[float, str]], most: int) -> Ranked:
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return Ranked(tuple(code for _, code in found[:most]), tuple(score for score, _ in found[:most]))


def _paths(rows: Floats, weights: Sequence[int], start: int) -> list[tuple[float, str]]:
    """The best digit strings whose weighted sum with ``start`` is a multiple of ten."""
    scores = np.full((10, KEEP), -np.inf)
    scores[start % 10, 0] = 0.0
    codes = np.zeros((10, KEEP), np.int64)
    remainders, digits = np.arange(10)[:, None], np.arange(10)[None, :]
    for row, weight in zip(rows, weights, strict=True):
        origin = (remainders - weight * digits) % 10  # [remainder, digit] → remainder before
        grown = scores[origin] + row[None, :, None]  # [10, 10, KEEP]
        names = codes[origin] * 10 + digits[..., None]
        order = np.argsort(-grown.reshape(10, -1), axis=1, kind="stable")[:, :KEEP]
        scores = np.take_along_axis(grown.reshape(10, -1), order, axis=1)
        codes = np.take_along_axis(names.reshape(10, -1), order, axis=1)
    return [
        (float(score), str(code).zfill(len(rows)))
        for score, code in zip(scores[0], codes[0], strict=True)
        if np.isfinite(score)
    ]
