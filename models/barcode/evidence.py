"""How well each digit pattern explains each digit's place: log-likelihoods under blur and ink spread."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from models.barcode.base import Floats
from models.barcode.symbols import Segment, light

STEPS = 4  # samples a module
AROUND = 0.75  # modules of the neighbours that are looked at
BLURS = (0.3, 0.5, 0.7, 0.95)
SPREADS = (-0.16, 0.0, 0.16)  # modules that printing or exposure adds to a bar
SHIFTS = (-0.2, 0.0, 0.2)  # modules that the segmentation may be off
FLOOR = 0.01  # misfit that no template avoids: lens, paper, compression
WORTH = 4.0  # independent measurements that a digit on one line is worth, halved


class Evidence(msgspec.Struct, frozen=True):
    """Log-likelihoods float32[digits, 20 or 10 patterns] padded to 20 with −inf, and the mean fit 0…1."""

    table: Floats
    fit: float
    worst: float


class Templates:
    """Digit templates under each blur and spread, made once."""

    def __init__(self, kinds: Sequence[Segment]) -> None:
        steps = np.arange(round((7 + 2 * AROUND) * STEPS)) + 0.5
        self._at: Floats = (steps / STEPS - AROUND).astype(np.float32)
        self._kernels = {kind: self._kernels_of(kind) for kind in kinds}

    def _kernels_of(self, kind: Segment) -> Floats:
        """Unit-norm templates float32[blurs × spreads, taps, shifts, patterns]."""
        sets = []
        for sigma in BLURS:
            for spread in SPREADS:
                sets.append(
                    [[self._one(kind, bits, sigma, spread, dx) for bits in kind.patterns] for dx in SHIFTS]
                )
        out = np.asarray(sets, np.float32)
        out -= out.mean(axis=-1, keepdims=True)
        out /= np.linalg.norm(out, axis=-1, keepdims=True)
        return np.ascontiguousarray(out.transpose(0, 3, 1, 2))

    def _one(self, kind: Segment, bits: str, sigma: float, spread: float, dx: float) -> Floats:
        return light(kind.before + bits + kind.after, self._at + len(kind.before) + dx, sigma, spread)

    def evidence(self, lines: Floats, edges: Floats, segments: Sequence[Segment]) -> Evidence:
        """What ``lines`` float32[B, S], cut at ``edges`` float32[B, segments + 1], say of each digit."""
        spots = [k for k, segment in enumerate(segments) if segment in self._kernels]
        matches = [
            self._matches(_windows(lines, edges[:, k], edges[:, k + 1], self._at), segments[k]) for k in spots
        ]
        # one lens and one print for the whole symbol: the blur and spread that explain it best
        best = np.sum([m.max(axis=2).mean(axis=1) for m in matches], axis=0).argmax()
        fits = [np.maximum(m[best], 0.0) for m in matches]  # [B, patterns] each
        table = np.full((len(spots), 20), -np.inf, np.float32)
        for row, fit in zip(table, fits, strict=True):
            row[: fit.shape[1]] = _log_likelihood(fit)
        tops = np.array([fit.max(axis=1).mean() for fit in fits])
        return Evidence(table, float(tops.mean()), float(tops.min()))

    def _matches(self, windows: Floats, kind: Segment) -> Floats:
        """Correlation of each window with each pattern, best shift: [blurs × spreads, B, patterns]."""
        kernels = self._kernels[kind]
        sets, taps, shifts, patterns = kernels.shape
        flat = kernels.reshape(sets, taps, shifts * patterns)
        fits = (windows @ flat).reshape(sets, len(windows), shifts, patterns)
        return np.asarray(fits.max(axis=2), np.float32)


def _log_likelihood(fit: Floats) -> Floats:
    """Profile likelihood with the noise unknown, over lines float32[B, patterns] → [patterns].

    Lines share what is wrong with the model, so B of them count as √B, and more than eight as eight.
    """
    each = -WORTH * np.log(FLOOR + 1.0 - fit * fit)
    return np.asarray(each.mean(axis=0) * np.sqrt(min(len(fit), 8)), np.float32)


def _windows(lines: Floats, start: Floats, end: Floats, at: Floats) -> Floats:
    """Each line from ``start`` to ``end`` (seven modules) at the module positions ``at``, unit norm."""
    places = start[:, None] + (end - start)[:, None] / 7.0 * at[None, :] - 0.5
    low = np.clip(np.floor(places).astype(int), 0, lines.shape[1] - 2)
    part = np.clip(places - low, 0.0, 1.0)
    rows = np.arange(len(lines))[:, None]
    out = lines[rows, low] * (1 - part) + lines[rows, low + 1] * part
    out -= out.mean(axis=1, keepdims=True)
    return np.asarray(out / np.sqrt((out * out).sum(axis=1, keepdims=True) + 20.0), np.float32)
