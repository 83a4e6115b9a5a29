"""Five hundred utterances cut at random places, clean and among noise: no text is longer than speech, none loops."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tokenizers import Tokenizer

from models.speech.vad import RATE_HZ
from models.speech.whisper.recogniser import open_recogniser
from tools.bench import captions_weights
from tools.bench.captions_clips import clips, noisy
from tools.bench.captions_stream import whole
from tools.bench.figures import Figure

COUNT, SEED = 500, 7
SHORTEST_S, LONGEST_S = 0.4, 9.0
NOISE_DB = 10.0
TOKENS_A_SECOND, TOKENS = 9, 8


def measure() -> Iterator[Figure]:
    """Every other utterance lies among noise."""
    rng, sources = np.random.default_rng(SEED), clips()
    model = open_recogniser(captions_weights.built())
    tokenizer = Tokenizer.from_file(str(captions_weights.built() / "tokenizer.json"))
    long = loops = doubtful = 0
    for number in range(COUNT):
        clip = sources[rng.integers(len(sources))]
        seconds = float(rng.uniform(SHORTEST_S, min(LONGEST_S, clip.seconds)))
        start = int(rng.integers(len(clip.samples) - round(seconds * RATE_HZ) + 1))
        part = clip.samples[start : start + round(seconds * RATE_HZ)]
        heard = whole(model.utterance(), noisy(part, NOISE_DB, rng) if number % 2 else part)
        tokens = tokenizer.encode(heard.text, add_special_tokens=False).ids
        long += not heard.doubt and len(tokens) > TOKENS_A_SECOND * seconds + TOKENS
        loops += not heard.doubt and _loops(tokens)
        doubtful += bool(heard.doubt)
    yield Figure(f"texts too long of {COUNT}", long, "", 0)
    yield Figure(f"texts that loop of {COUNT}", loops, "", 0)
    yield Figure("texts in doubt, which are not shown", doubtful, "")


def _loops(tokens: list[int]) -> bool:
    """Whether the end says the same four times over, of whatever length."""
    return any(
        len(tokens) >= 4 * size and tokens[-4 * size :] == 4 * tokens[-size:]
        for size in range(1, len(tokens) // 4 + 1)
    )
