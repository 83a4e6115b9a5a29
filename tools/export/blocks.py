"""Weights quantised in blocks along their inputs, as ``MatMulNBits`` stores them.

Layout (onnxruntime ``docs/ContribOperators.md``, MatMulNBits): ``uint8[N, ⌈K / block⌉, block · bits / 8]``, the
lower nibble first, and one scale a block; a weight is ``(q − zero) · scale`` with zero 128 or 8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = (
    32  # of both: the kernels of larger blocks of 8 bits do not give a lone row the bits it has among others
)
SHRINKS_4 = np.linspace(0.80, 1.0, 9, dtype=np.float32)


def quantise(rows: NDArray[np.float32], bits: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """``rows`` float32[N, K] → blocks as above and scales float32[N, ⌈K / block⌉]."""
    block = BLOCK
    count, inputs = rows.shape
    blocks = -(-inputs // block)
    padded = np.zeros((count, blocks * block), np.float32)
    padded[:, :inputs] = rows
    shaped = padded.reshape(count, blocks, block)
    return _eight(shaped) if bits == 8 else _four(shaped)


def _eight(blocks: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    scales = np.abs(blocks).max(axis=-1) / np.float32(127)
    inverse = 1 / np.where(scales > 0, scales, 1)
    return (np.rint(blocks * inverse[..., None]) + 128).astype(np.uint8), scales.astype(np.float32)


def _four(blocks: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The block's extreme goes to −8; of some slightly smaller scales the one with the least error is kept."""
    at = np.abs(blocks).argmax(axis=-1)[..., None]
    full = np.take_along_axis(blocks, at, -1)[..., 0] / np.float32(-8)
    best = np.full(full.shape, np.inf, np.float32)
    kept = np.zeros(blocks.shape, np.uint8)
    scales = np.zeros_like(full)
    for shrink in SHRINKS_4:
        scale = full * shrink
        inverse = 1 / np.where(scale != 0, scale, 1)
        q = np.clip(np.rint(blocks * inverse[..., None]), -8, 7)
        error = np.square(q * scale[..., None] - blocks).sum(axis=-1)
        better = error < best
        best = np.where(better, error, best)
        scales = np.where(better, scale, scales)
        kept = np.where(better[..., None], (q + 8).astype(np.uint8), kept)
    packed = kept[..., 0::2] | (kept[..., 1::2] << np.uint8(4))
    return packed.astype(np.uint8), scales.astype(np.float32)
