"""Sounds that tests make of a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000


def warble(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """Glides, hiss and pauses of digital silence: as loud, quiet and sudden as speech is."""
    rng = np.random.default_rng([41, seed])
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    glide = np.sin(2 * np.pi * (300 * t + 900 * np.sin(1.7 * t))) * (0.5 + 0.5 * np.sin(9 * t)) ** 2
    hiss = rng.normal(0, 0.02, len(t)) * (np.sin(5 * t) > 0)
    silent = np.sin(2.1 * t + seed) > 0.8
    return np.where(silent, 0.0, 0.4 * glide + hiss).astype(np.float32)
