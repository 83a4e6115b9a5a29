"""Where each digit stands on a scan line: elastic templates, chained by dynamic programming.

Each segment of a symbol is compared with blurred templates at every place and module width; the best chain
of segments, whose module width may drift from one to the next, is found exactly. This follows Gallo and
Manduchi, "Reading 1D barcodes with mobile phones using deformable templates" (TPAMI 2011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.barcode.base import Floats
from models.barcode.symbols import Segment, light

WIDTHS = 2.55 * 1.045 ** np.arange(17)
"""Module widths tried, in samples: 2.55 … 5.2."""
BLURS = (0.35, 0.75)  # modules; sharp and soft, enough to place a digit
OVERHANG = 0.5  # modules of the neighbours that a template shows
DRIFT = 0.12  # cost of a 4.5 % change of module width between segments
SLIP = 0.05  # cost of a one-sample gap between segments
FAR = np.float32(1e6)
ONE_THREAD = 4 * 65_536  # multiplications (OpenBLAS 0.3, interface/gemm.c: SMP_THRESHOLD_MIN)


class Chain(msgspec.Struct, frozen=True):
    """Segment boundaries on each line float32[B, segments + 1] in samples, and the cost of each line."""

    edges: Floats
    costs: Floats


class _Bank(msgspec.Struct, frozen=True):
    """Templates of one segment at one module width: unit-norm kernels float32[taps, K] and their start."""

    start: int
    kernels: Floats


class _Step(msgspec.Struct, frozen=True):
    """Costs [B, S, M] of having ended a segment, before and after the places were relaxed."""

    modules: int
    ended: Floats
    slipped: Floats


class Segmenter:
    """Templates for the symbols, made once; ``chain`` may be called from any thread."""

    def __init__(self, symbols: Mapping[str, Sequence[Segment]]) -> None:
        kinds = {segment: None for chain in symbols.values() for segment in chain}
        self._symbols = symbols
        self._banks = {segment: [_bank(segment, float(m)) for m in WIDTHS] for segment in kinds}

    def chain(self, lines: Floats, symbol: str) -> Chain:
        """The best segmentation of each line float32[B, S] as ``symbol``, read left to right."""
        segments = self._symbols[symbol]
        sums = _Sums(lines)
        costs = {segment: self._costs(sums, segment) for segment in set(segments)}
        best = np.zeros((*lines.shape, len(WIDTHS)), np.float32)
        steps: list[_Step] = []
        for segment in segments:
            ended = _advance(best + costs[segment], segment.modules)
            slipped = _relaxed(ended, SLIP, axis=1)
            best = _relaxed(slipped, DRIFT, axis=2)
            steps.append(_Step(segment.modules, ended, slipped))
        return _trace(best, steps)

    def _costs(self, sums: _Sums, segment: Segment) -> Floats:
        """(1 − best correlation) × modules for each line, place and module width: [B, S, M]."""
        out = [sums.best_match(bank.kernels, bank.start) for bank in self._banks[segment]]
        return (1.0 - np.stack(out, axis=2)) * np.float32(segment.modules)


class _Sums:
    """The lines with running sums, so that any window's mean and spread come cheaply."""

    def __init__(self, lines: Floats) -> None:
        self._pad = 32
        self._samples = lines.shape[1]
        padded = np.pad(
            lines - lines.mean(axis=1, keepdims=True),
            ((0, 0), (self._pad, self._pad + 32)),
            mode="edge",
        )
        self._line = padded
        self._one = np.pad(np.cumsum(padded.astype(np.float64), axis=1), ((0, 0), (1, 0)))
        self._two = np.pad(np.cumsum(padded.astype(np.float64) ** 2, axis=1), ((0, 0), (1, 0)))

    def best_match(self, kernels: Floats, start: int) -> Floats:
        """The best correlation over ``kernels`` at each place: [B, S]."""
        taps = kernels.shape[0]
        lo = self._pad + start
        view = np.lib.stride_tricks.sliding_window_view(self._line, taps, axis=1)[:, lo : lo + self._samples]
        top = _highest(kernels, view.reshape(-1, taps)).reshape(view.shape[:2])
        ends = slice(lo + taps, lo + taps + self._samples), slice(lo, lo + self._samples)
        one = self._one[:, ends[0]] - self._one[:, ends[1]]
        two = self._two[:, ends[0]] - self._two[:, ends[1]]
        spread = np.sqrt(np.maximum(two - one * one / taps, 0.0) + taps * 2.0)  # 2: below it is sensor noise
        return np.asarray(top / spread, np.float32)


def _highest(kernels: Floats, windows: Floats) -> Floats:
    """The highest product of each of ``windows`` float32[N, taps] with ``kernels`` float32[taps, K]: [N].

    In pieces that OpenBLAS keeps in this thread: its helpers spin while they wait, which costs ten times the work
    itself where the cores are busy.
    """
    piece = max(1, ONE_THREAD // kernels.size)
    top = np.empty(len(windows), np.float32)
    for first in range(0, len(windows), piece):
        some = slice(first, first + piece)
        np.max(kernels.T @ windows[some].T, axis=0, out=top[some])
    return top


def _bank(segment: Segment, module: float) -> _Bank:
    start = round(-OVERHANG * module) if segment.kind != "start" else round(-1.6 * module)
    tail = 1.6 if segment.kind in ("end", "stop") else OVERHANG
    taps = round((segment.modules + tail) * module) - start
    at = ((np.arange(taps) + start + 0.5) / module).astype(np.float32)
    shown = [
        light(segment.before + bits + segment.after, at + len(segment.before), sigma)
        for bits in segment.patterns
        for sigma in BLURS
    ]
    kernels = np.stack(shown, axis=1)
    kernels -= kernels.mean(axis=0)
    kernels /= np.linalg.norm(kernels, axis=0)
    return _Bank(start, kernels.astype(np.float32))


def _advance(cost: Floats, modules: int) -> Floats:
    """Cost by where the segment ends instead of where it begins."""
    out = np.full_like(cost, FAR)
    for j, width in enumerate(WIDTHS):
        step = round(modules * float(width))
        out[:, step:, j] = cost[:, :-step, j]
    return out


def _relaxed(cost: Floats, price: float, axis: int) -> Floats:
    """The cost where the next segment may begin one place, or one width, to either side for ``price``."""
    out = cost.copy()
    count = cost.shape[axis]
    low = tuple(slice(0, count - 1) if k == axis else slice(None) for k in range(3))
    high = tuple(slice(1, count) if k == axis else slice(None) for k in range(3))
    np.minimum(out[high], cost[low] + np.float32(price), out=out[high])
    np.minimum(out[low], cost[high] + np.float32(price), out=out[low])
    return out


def _trace(best: Floats, steps: Sequence[_Step]) -> Chain:
    """Walk back from the cheapest end; what each step chose is found again on the way."""
    count, _, widths = best.shape
    flat = best.reshape(count, -1).argmin(axis=1)
    place, width = flat // widths, flat % widths
    edges = np.zeros((count, len(steps) + 1), np.float32)
    for k in range(len(steps) - 1, -1, -1):
        step = steps[k]
        after = place
        width = _origin(step.slipped, place, width, DRIFT, turn=False)
        place = _origin(step.ended, place, width, SLIP, turn=True)
        # the boundary lies between this segment's end and the next one's start
        edges[:, k + 1] = place if k == len(steps) - 1 else (after + place) / 2
        place = np.maximum(place - np.rint(step.modules * WIDTHS[width]).astype(np.intp), 0)
    edges[:, 0] = place
    return Chain(edges, best.reshape(count, -1).min(axis=1))


def _origin(
    cost: Floats, place: NDArray[np.intp], width: NDArray[np.intp], price: float, *, turn: bool
) -> NDArray[np.intp]:
    """Which of three neighbouring places (``turn``) or widths the cheapest way came from."""
    at, top = (place, cost.shape[1] - 1) if turn else (width, cost.shape[2] - 1)
    near = [np.clip(at + move, 0, top) for move in (0, -1, 1)]
    rows = np.arange(len(at))
    paid = [cost[rows, n, width] if turn else cost[rows, place, n] for n in near]
    choice = np.stack([paid[0], paid[1] + price, paid[2] + price]).argmin(axis=0)
    return np.asarray(np.stack(near)[choice, rows], np.intp)
