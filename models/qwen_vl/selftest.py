"""A built model's self-test: what it answered to a committed prompt while it was built.

``selftest.npz``: ``tokens`` int64[n], ``chosen`` int64[c] vocabulary ids, ``logits`` float32[c] after the last
token, computed from the checkpoint in float32. A device whose kernels are wrong gives something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import BackendError, ManifestError
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.shape import TextShape

FILE = "selftest.npz"
CHOSEN = 512
# The 8-bit cache and another CPU's order of sums; a wrong kernel gives an error near 1.
TOLERANCE = {"none": 1e-3, "int8": 0.1, "int4": 0.4}


def chosen(shape: TextShape) -> NDArray[np.int64]:
    """The vocabulary ids whose logits are compared."""
    return np.unique(np.linspace(0, shape.vocab - 1, CHOSEN).astype(np.int64))


def write(
    folder: Path, tokens: Sequence[int], chosen: NDArray[np.int64], logits: NDArray[np.float32]
) -> None:
    """Write the file. Raises OSError."""
    np.savez(folder / FILE, tokens=np.asarray(tokens), chosen=chosen, logits=logits)


def error(folder: ModelFolder, answer: NDArray[np.float32]) -> float:
    """How far ``answer`` float32[vocab] is from what the file says: root mean square, in standard deviations.

    Raises ManifestError.
    """
    file = _read(folder)
    wanted, chosen = file["logits"], file["chosen"]
    if len(chosen) != len(wanted) or not len(chosen) or not 0 <= chosen.min() <= chosen.max() < len(answer):
        raise ManifestError(f"{folder.path / FILE} belongs to another model: build the model again")
    return float(np.sqrt(np.square(answer[chosen] - wanted).mean()) / wanted.std())


def tokens(folder: ModelFolder) -> list[int]:
    """The prompt. Raises ManifestError."""
    return [int(token) for token in _read(folder)["tokens"]]


def check(folder: ModelFolder, answer: NDArray[np.float32]) -> float:
    """The error. Raises BackendError where it is too large."""
    found, allowed = error(folder, answer), TOLERANCE[folder.about.quant]
    if not found <= allowed:
        raise BackendError(
            f"{folder.about.name} fails its self-test on this CPU (error {found:.3f}, allowed {allowed:g}): "
            "build it again here, and report the CPU if that does not help"
        )
    return found


def _read(folder: ModelFolder) -> dict[str, NDArray[Any]]:
    try:
        with (folder.path / FILE).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {
                name: np.asarray(file[name], dtype)
                for name, dtype in (("tokens", np.int64), ("chosen", np.int64), ("logits", np.float32))
            }
    except Exception as damage:  # what a damaged archive makes the libraries raise is of every kind
        raise ManifestError(f"{folder.path / FILE} can't be read: build the model again") from damage
