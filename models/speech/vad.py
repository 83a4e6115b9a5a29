"""Silero VAD 6.2 as a stream: 32 ms of sound in, the probability of speech out.

Each step sees 512 new samples behind the last 64 of the step before (silero_vad/utils_vad.py, OnnxWrapper).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.backends.ort import Options, Session
from models.manifest import Manifest

RATE_HZ = 16_000
STEP = 512
CONTEXT = 64
STATE = (2, 1, 128)
ONE_THREAD = Options(threads=1)  # a step is 0.1 ms: a second thread would only cost


class SileroVad:
    """One stream of sound. Implements ``models.base.VoiceActivity``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rate = np.array(RATE_HZ, np.int64)
        self.reset()

    def reset(self) -> None:
        """Forget the stream's past."""
        self._carry = np.zeros(0, np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros(STATE, np.float32)

    def another(self) -> SileroVad:
        """A fresh stream over the same model."""
        return SileroVad(self._session)

    def close(self) -> None:
        """Unload the model, for all of its streams."""
        self._session.close()

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """``samples`` float32[N] at 16 kHz → float32[⌊(carry + N) / 512⌋] probabilities. Raises BackendError.

        What does not fill a step is carried to the next call.
        """
        sound = np.concatenate((self._carry, samples.astype(np.float32, copy=False)))
        whole = len(sound) // STEP
        self._carry = sound[whole * STEP :]
        steps = sound[: whole * STEP].reshape(whole, STEP)
        return np.array([self._step(step) for step in steps], np.float32)

    def _step(self, step: NDArray[np.float32]) -> float:
        heard = np.concatenate((self._context, step))[None]  # [1, 576]
        probability, self._state = self._session.run({"input": heard, "state": self._state, "sr": self._rate})
        self._context = step[-CONTEXT:]
        return float(probability[0, 0])


def open_vad(manifest: Manifest, files: Mapping[str, Path], options: Options = ONE_THREAD) -> SileroVad:
    """Load the model for one stream; Raises BackendError."""
    file = manifest.file("vad")
    return SileroVad(Session(files[file.name], file, options))
