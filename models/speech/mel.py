"""Whisper's log-mel spectrogram of sound that is followed by digital silence, kept up as the sound grows.

Whisper sees windows of 30 s: 3,000 frames of 25 ms, 10 ms apart, each the log10 of 80 or 128 mel bands
(openai/whisper ``audio.py``; ``WhisperFeatureExtractor`` of transformers). Here only the frames that hold sound are
computed. Behind them the window is silent, and what is silent is known: the floor, 8 below the window's maximum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
HOP = 160
SPAN = 400  # samples of one frame: n_fft, and the Hann window's length
HALF = SPAN // 2
WINDOW_SAMPLES = 30 * RATE_HZ
WINDOW_FRAMES = WINDOW_SAMPLES // HOP
BOTTOM = -10.0  # log10 of the least power that counts
DEPTH = 8.0  # decades under the window's maximum that are kept
_LINEAR_HZ = 200.0 / 3  # Slaney's scale: a mel is 66.7 Hz up to 1 kHz, above it 27 mels are a factor of 6.4
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def mel_filters(bands: int) -> NDArray[np.float32]:
    """Slaney's triangles of equal area, float32[bands, 201], from 0 to 8 kHz (librosa ``filters.mel``)."""
    break_mel = _BREAK_HZ / _LINEAR_HZ
    top_mel = break_mel + np.log(RATE_HZ / 2 / _BREAK_HZ) / _LOG_STEP
    mel = np.linspace(0.0, top_mel, bands + 2)
    log_hz = _BREAK_HZ * np.exp(_LOG_STEP * (mel - break_mel))
    corners = np.where(mel < break_mel, _LINEAR_HZ * mel, log_hz)  # [bands + 2] in Hz
    bins = np.fft.rfftfreq(SPAN, 1 / RATE_HZ)  # [201]
    away = corners[:, None] - bins  # [bands + 2, 201]
    width = np.diff(corners)[:, None]
    triangles = np.maximum(0.0, np.minimum(-away[:-2] / width[:-1], away[2:] / width[1:]))
    areas = 2.0 / (corners[2:] - corners[:-2])
    filters: NDArray[np.float32] = (triangles * areas[:, None]).astype(np.float32)
    return filters


class LogMel:
    """The spectrogram of one growing sound of up to 30 s; what was computed of it is kept."""

    def __init__(self, bands: int) -> None:
        self._filters = mel_filters(bands).T.astype(np.float64)  # [201, bands]
        self._taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SPAN) / SPAN)  # periodic Hann
        self._sound = np.zeros(0, np.float32)
        self._done = np.zeros((0, bands), np.float32)  # log10 of power, frames that more sound can't change

    @property
    def samples(self) -> int:
        """How much sound there is, at most 480,000."""
        return len(self._sound)

    @property
    def sound(self) -> NDArray[np.float32]:
        """All of it, float32[samples]."""
        return self._sound

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Append ``samples`` float32[N] at 16 kHz; what is behind 30 s is left out."""
        room = WINDOW_SAMPLES - len(self._sound)
        self._sound = np.concatenate((self._sound, samples[:room].astype(np.float32, copy=False)))

    def frames(self, count: int) -> NDArray[np.float32]:
        """The first ``count`` ≤ 3,000 frames of the window as the model takes them, float32[bands, count]."""
        self._keep_up()
        sounding = min(WINDOW_FRAMES, -(-(len(self._sound) + HALF) // HOP))  # frames that see a sample
        rest = self._powers(len(self._done), sounding)
        heard = np.concatenate((self._done, rest))
        top = max(float(heard.max(initial=BOTTOM)), BOTTOM)
        window = np.full((count, heard.shape[1]), BOTTOM, np.float32)
        window[: len(heard)] = heard[:count]
        clear = (np.maximum(window, np.float32(top - DEPTH)) + np.float32(4)) / np.float32(4)
        return np.ascontiguousarray(clear.T)

    def _keep_up(self) -> None:
        """Compute the frames whose 400 samples are all here. The first two see the sound's mirror image."""
        whole = max(0, (len(self._sound) - HALF) // HOP + 1)
        if whole > len(self._done):
            self._done = np.concatenate((self._done, self._powers(len(self._done), whole)))

    def _powers(self, first: int, end: int) -> NDArray[np.float32]:
        """log10 of the mel powers of frames ``first`` … ``end`` − 1, float32[end − first, bands]."""
        if end <= first:
            return self._done[:0]
        stretch = self._stretch(first * HOP - HALF, (end - 1) * HOP + HALF)
        spans = np.lib.stride_tricks.sliding_window_view(stretch, SPAN)[::HOP]  # [frames, 400]
        power = (
            np.abs(np.fft.rfft(spans * self._taper)) ** 2
        )  # float64: float32 is off by 1e-3 near the floor
        heard: NDArray[np.float32] = np.log10(np.maximum(power @ self._filters, 10.0**BOTTOM)).astype(
            np.float32
        )
        return heard

    def _stretch(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples ``start`` … ``end`` − 1 of the window, mirrored at its ends as torch.stft's ``center`` does."""
        at = np.abs(np.arange(start, end))
        at = np.where(at < WINDOW_SAMPLES, at, 2 * (WINDOW_SAMPLES - 1) - at)
        here = at < len(self._sound)
        out = np.zeros(end - start, np.float32)
        out[here] = self._sound[at[here]]
        return out
