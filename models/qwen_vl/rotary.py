"""Rotary angles, one row a cache slot, with the positions of three axes (time, height, width) mixed.

M-RoPE: Qwen2-VL (arXiv 2409.12191 §2.1) gives each axis its own section of the frequencies; Qwen3-VL
(arXiv 2511.21631 §2.1) deals them out in turn, so that every axis has high and low ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import TextShape


class Rotary:
    """Positions → cosines and sines."""

    def __init__(self, shape: TextShape) -> None:
        half = shape.turning // 2
        # As the reference computes them: float32 all the way.
        exponent = np.arange(0, shape.turning, 2, dtype=np.float32) / np.float32(shape.turning)
        self._inverse = (1.0 / np.power(np.float32(shape.rope_theta), exponent)).astype(np.float32)
        self._axis = axis_of_frequency(shape, half)

    def table(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """``positions`` int64[3, n] → cos, sin float32[n, turning/2]."""
        chosen = positions.astype(np.float32)[self._axis]  # [turning/2, n]
        angles = (chosen * self._inverse[:, None]).T
        return np.cos(angles), np.sin(angles)


def axis_of_frequency(shape: TextShape, half: int) -> NDArray[np.int64]:
    """Which axis (0 time, 1 height, 2 width) turns each frequency: int64[turning/2]."""
    axis = np.zeros(half, np.int64)
    if shape.rope == "sectioned":
        edges = np.cumsum(shape.mrope_section)
        axis[edges[0] : edges[1]] = 1
        axis[edges[1] :] = 2
    elif shape.rope == "interleaved":
        for which in (1, 2):
            axis[which : 3 * shape.mrope_section[which] : 3] = which
    return axis
