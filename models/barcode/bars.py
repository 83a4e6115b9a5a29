"""The bars of one region read as one symbol: direction, segmentation, digits."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.barcode.base import Floats
from models.barcode.evidence import Evidence, Templates
from models.barcode.lattice import Ranked, rank_ean8, rank_ean13, rank_upce
from models.barcode.locate import Region
from models.barcode.scan import Frame, bands_of, frame_for, rows_of
from models.barcode.segment import Segmenter
from models.barcode.symbols import LEFT_DIGIT, LEFT_DIGIT_A, RIGHT_DIGIT, SYMBOLS, modules

LINES = 8
TALL = 1.5  # modules of height a line averages: bars that lean or wave would blur in more
HOPELESS = 0.16  # misfit a module at which the best probe ends the search
PROBES = 3  # lines that find which way round the symbol stands


class Reading(msgspec.Struct, frozen=True):
    """What the bars of a region say: codes by likelihood, how well the best one fits, and where it is.

    ``fit`` and ``worst`` are the mean and least correlation of the digits, ``cost`` the misfit a module of
    the median line. ``edges`` float32[lines, segments + 1] are in samples of ``frame``, ``rows`` are the
    lines' rows there. ``quiet``: both sides are light.
    """

    symbol: str
    ranked: Ranked
    free: float
    fit: float
    worst: float
    cost: float
    quiet: bool
    frame: Frame
    edges: Floats
    rows: tuple[float, ...]


class BarReader:
    """Reads regions; holds the templates, so make one and keep it."""

    def __init__(self) -> None:
        self._segmenter = Segmenter(SYMBOLS)
        self._templates = Templates([LEFT_DIGIT, LEFT_DIGIT_A, RIGHT_DIGIT])

    def read(
        self, gray: NDArray[np.uint8], region: Region, symbol: str, count: int = LINES
    ) -> Reading | None:
        """The region of ``gray`` uint8[H, W] read as ``symbol`` from ``count`` lines.

        None where no such symbol is; else look at the fit.
        """
        wide = modules(symbol)
        turned = self._turned(gray, region, symbol, count)
        if turned is None:
            return None
        frame, lines, middles = turned
        chain = self._segmenter.chain(lines, symbol)
        good = chain.costs <= max(1.3 * float(chain.costs.min()), float(chain.costs.min()) + 0.02 * wide)
        evidence = self._templates.evidence(lines[good], chain.edges[good], SYMBOLS[symbol])
        return Reading(
            symbol=symbol,
            ranked=_rank(symbol, evidence),
            free=float(evidence.table.max(axis=1).sum()),
            fit=evidence.fit,
            worst=evidence.worst,
            cost=float(np.median(chain.costs)) / wide,
            quiet=_quiet(lines[good], chain.edges[good], wide),
            frame=frame,
            edges=chain.edges[good],
            rows=tuple(m for m, ok in zip(middles, good, strict=True) if ok),
        )

    def _turned(
        self, gray: NDArray[np.uint8], region: Region, symbol: str, count: int
    ) -> tuple[Frame, Floats, list[float]] | None:
        """Frame and lines of the direction that fits better, if one fits at all."""
        wide = modules(symbol)
        frame = frame_for(region, wide)
        lines, middles = bands_of(
            rows_of(gray, region, frame, wide), count, max(2.0, TALL * region.length / wide)
        )
        probe = lines[np.linspace(0, len(lines) - 1, min(PROBES, len(lines))).round().astype(int)]
        both = np.concatenate([probe, probe[:, ::-1]])
        costs = self._segmenter.chain(both, symbol).costs
        if costs.min() > HOPELESS * wide:
            return None
        if np.median(costs[: len(probe)]) <= np.median(costs[len(probe) :]):
            return frame, lines, middles
        height = max(1, round(region.height))
        return (
            frame_for(region, wide, flip=True),
            lines[::-1, ::-1].copy(),
            [height - 1 - m for m in middles[::-1]],
        )


def _rank(symbol: str, evidence: Evidence) -> Ranked:
    match symbol:
        case "EAN-13":
            return rank_ean13(evidence.table)
        case "EAN-8":
            return rank_ean8(evidence.table)
        case _:
            return rank_upce(evidence.table)


def _quiet(lines: Floats, edges: Floats, wide: int) -> bool:
    """Whether both sides of the symbol are light and even for five modules, as most lines see it."""
    seen = []
    for line, row in zip(lines, edges, strict=True):
        start, end, step = row[0], row[-1], (row[-1] - row[0]) / wide
        inside = line[max(0, round(float(start))) : round(float(end))]
        dark, bright = np.percentile(inside, [10, 90]) if len(inside) else (0.0, 0.0)
        sides = [
            _span(line, start - 5.5 * step, start - step),
            _span(line, end + step, end + 5.5 * step),
        ]
        level = dark + 0.6 * (bright - dark)
        seen.append(all(len(side) and side.min() > level for side in sides))
    return float(np.mean(seen)) > 0.5


def _span(line: Floats, start: float, end: float) -> Floats:
    return line[max(0, round(float(start))) : max(0, round(float(end)))]
