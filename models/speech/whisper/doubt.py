"""When a text is not to be believed: what a decoder does that has lost the sound.

The bounds are openai/whisper's own (``transcribe.py``: compression_ratio_threshold, logprob_threshold,
no_speech_threshold); the cap on tokens and the loops that are cut short while they run are ours.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

TOKENS_A_SECOND = 9  # nobody speaks faster; Mandarin and English take 3 to 6
TOKENS_MORE = 8
COMPRESSED = 2.4  # bytes of text per byte of it when compressed
UNLIKELY = -1.0  # mean log-probability of a token
NO_SPEECH = 0.6
# Log-probability a token that a sound must add to what the model says of silence. Of 25 real noises the texts that
# they brought about had −2.2 to 1.2 (a cough or a laugh written out: 2 to 5); of 160 cuts of speech, half of them at
# 10 dB of noise, those that were of the speech 1.7 to 9.
SUPPORTED = 1.5
WELL_SUPPORTED = (
    4.0  # where the text is unlikely and the model thinks that nobody speaks: not a cough or a laugh
)
HURRIED = 6  # tokens a second of what nobody repeats on purpose
LONGEST_PERIOD = 24


def most_tokens(seconds: float) -> int:
    """What can be said in ``seconds``, in tokens that begin a character."""
    return round(TOKENS_A_SECOND * seconds) + TOKENS_MORE


def period(tokens: Sequence[int], seconds: float = 0.0) -> int:
    """How many tokens the loop has that ``tokens`` end in; 0 when they end in none.

    A loop is twelve tokens or more that repeat at least four times (three times, when they are many), faster than
    anybody would in ``seconds``.
    """
    if len(tokens) < max(12, HURRIED * seconds):
        return 0
    for size in range(1, min(LONGEST_PERIOD, len(tokens) // 3) + 1):
        times = max(3 if size >= 8 else 4, -(-12 // size))
        tail = tokens[-size * times :]
        if len(tail) == size * times and all(tail[i] == tail[i + size] for i in range(len(tail) - size)):
            return size
    return 0


def without_loop(tokens: Sequence[int], size: int) -> int:
    """How many of ``tokens``, which end in a loop of ``size``, come before its second round."""
    start = len(tokens) - size
    while start > 0 and tokens[start - 1] == tokens[start - 1 + size]:
        start -= 1
    return start + size


def compression(text: str) -> float:
    """Bytes of ``text`` per byte when compressed: 1 to 2 for speech, more for what repeats itself."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))
