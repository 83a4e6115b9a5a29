"""Whisper always hears 30 s. What of them is silent is merged, so that only speech costs time.

The encoder's positions beyond the speech all hold the same sound, digital silence, and differ by their positional
embedding alone. ``GROUP`` of them are one row with the embedding of the middle one; log(positions in it) is added
to the logits wherever somebody attends to it, as if all of them were there (token merging with proportional
attention, arXiv 2210.09461 §3). Cutting the window off instead makes the decoder run away on speech that is cut
in mid-word.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

GROUP = 16  # positions; 8 cost 17 % more and did not keep the text better
MARGIN = 25  # silent positions, 0.5 s, that stay single behind the speech
FLOOR = -1.5  # of a log-mel spectrogram, (log10(1e-10) + 4) / 4
RANGE = (
    2.0  # between its loudest and its quietest value, 8 / 4: openai/whisper, audio.py, log_mel_spectrogram
)


class Window(msgspec.Struct, frozen=True):
    """What stands for the whole window: ``mel`` float32[mels, f], and for each of s rows

    ``frames`` int64[s], which of the convolutions' outputs it is, ``places`` int64[s], whose positional embedding it
    has, ``sizes`` float32[s], log(how many positions it stands for).
    """

    mel: NDArray[np.float32]
    frames: NDArray[np.int64]
    places: NDArray[np.int64]
    sizes: NDArray[np.float32]


def window(mel: NDArray[np.float32], positions: int) -> Window:
    """The window that begins with ``mel`` float32[mels, 2n] and is silent to its end, ``positions`` in all."""
    spoken = mel.shape[1] // 2
    single = min(positions, spoken + MARGIN)
    # Two frames more, so that the last single position does not see the end of the spectrogram.
    wanted = 2 * positions if single == positions else 2 * single + 2
    starts = np.arange(single, positions, GROUP)
    ends = np.minimum(starts + GROUP, positions)
    frames = np.concatenate([np.arange(single), np.full(len(starts), single - 1)])
    places = np.concatenate([np.arange(single), (starts + ends) // 2])
    sizes = np.concatenate([np.zeros(single), np.log(ends - starts)])
    return Window(with_silence(mel, wanted), frames, places, sizes.astype(np.float32))


def with_silence(mel: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """``mel`` float32[mels, f] followed by digital silence up to ``frames``."""
    quietest = np.float32(max(FLOOR, float(mel.max(initial=-np.inf)) - RANGE))
    silence = np.full((len(mel), frames - mel.shape[1]), quietest, np.float32)
    return np.ascontiguousarray(np.concatenate([mel, silence], axis=1))
