"""A built speech model's self-test: what float32 made of a committed sound, while it was built.

``selftest.npz``: ``mel`` float32[mels, 2n], ``tokens`` int64[r], ``logits`` float32[r, c] of the vocabulary ids
``chosen`` int64[c]. A device whose kernels are wrong gives something else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import BackendError, ManifestError
from models.speech.whisper.folder import Quant
from models.speech.whisper.model import WhisperModel
from models.speech.whisper.shape import Shape

FILE = "selftest.npz"
CHOSEN = 512
TOKENS = 12
SPOKEN = 60  # positions of 20 ms
# Another CPU's order of sums, and 8 bits with tokens that nobody would say (whisper-base: 0.13 and 0.21); a wrong
# kernel gives an error near 1.
TOLERANCE: dict[Quant, float] = {"none": 1e-3, "weights8": 0.3, "int8": 0.5}


def draw(shape: Shape) -> dict[str, Any]:
    """A sound with the bands and the pace of speech, and tokens to tell about it."""
    rng = np.random.default_rng(20)
    positions = min(SPOKEN, shape.audio_positions // 2)
    coarse = rng.uniform(-0.7, 1.3, (8, positions // 4 + 2))
    rows = np.linspace(0, 7, shape.mels)
    at = np.linspace(0, coarse.shape[1] - 1, 2 * positions)
    bands = np.stack([np.interp(at, np.arange(coarse.shape[1]), band) for band in coarse])
    mel = np.stack([np.interp(rows, np.arange(8), column) for column in bands.T], axis=1)
    tokens = rng.integers(0, shape.vocabulary, min(TOKENS, shape.text_positions))
    chosen = np.unique(np.linspace(0, shape.vocabulary - 1, CHOSEN).astype(np.int64))
    return {"mel": mel.astype(np.float32), "tokens": tokens, "chosen": chosen}


def write(folder: Path, model: WhisperModel) -> None:
    """What ``model``, which is of float32, says to it. Raises OSError, BackendError."""
    test = draw(model.shape)
    np.savez(folder / FILE, logits=_said(model, test), **test)


def check(model: WhisperModel) -> float:
    """How far ``model`` is from that: root mean square, in standard deviations.

    Raises BackendError where it is too far, ManifestError for a damaged file.
    """
    test = _read(model.folder.path / FILE)
    try:
        found, wanted = _said(model, test), test["logits"]
        error = float(np.sqrt(np.square(found - wanted).mean()) / wanted.std())
    except (ValueError, IndexError) as damage:
        raise ManifestError(
            f"{model.folder.path / FILE} belongs to another model: build the model again"
        ) from damage
    about = model.folder.about
    if not error <= TOLERANCE[about.quant]:
        raise BackendError(
            f"{about.name} fails its self-test on this CPU (error {error:.3f}, allowed "
            f"{TOLERANCE[about.quant]:g}): build it again here, and report the CPU if that does not help"
        )
    return error


def _said(model: WhisperModel, test: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    """The first tokens at once, the others one by one."""
    tokens = [int(token) for token in test["tokens"]]
    half = len(tokens) // 2
    model.start(model.encode(test["mel"]))
    first = model.feed_all(tokens[:half])
    others = [model.feed([token]) for token in tokens[half:]]
    return np.stack([*first, *others])[:, test["chosen"]]


def _read(file: Path) -> dict[str, NDArray[Any]]:
    kinds = {"mel": np.float32, "tokens": np.int64, "chosen": np.int64, "logits": np.float32}
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as found:
            return {name: np.asarray(found[name], kind) for name, kind in kinds.items()}
    except Exception as damage:  # what a damaged archive makes the libraries raise is of every kind
        raise ManifestError(f"{file} can't be read: build the model again") from damage
