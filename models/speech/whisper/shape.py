"""What a Whisper is made of, as numbers: what the builder writes into ``speech.json`` and the model reads."""

from __future__ import annotations

from typing import Annotated

import msgspec

Size = Annotated[int, msgspec.Meta(gt=0, le=1 << 20)]

MULTILINGUAL = 51865  # tokens at least: openai/whisper, model.py, ``is_multilingual``


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of one model; both halves have ``width`` channels in ``heads`` heads.

    ``mels``: bins of the spectrogram, 80 or 128; ``audio_positions``: of 20 ms each, all that is ever heard at once;
    ``text_positions``: the longest text in tokens, its prompt included.
    """

    mels: Size
    audio_layers: Size
    text_layers: Size
    width: Size
    heads: Size
    ffn: Size
    vocabulary: Size
    audio_positions: Size = 1500
    text_positions: Size = 448

    @property
    def head_size(self) -> int:
        """Channels of a head."""
        return self.width // self.heads

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English, and their tokens."""
        return self.vocabulary >= MULTILINGUAL

    def parameters(self) -> int:
        """How many weights there are, those of the norms and biases left out."""
        block = 4 * self.width**2 + 2 * self.width * self.ffn
        text = self.text_layers * (block + 4 * self.width**2)
        tables = self.vocabulary + self.audio_positions + self.text_positions
        convolutions = 3 * self.width * (self.mels + self.width)
        return self.audio_layers * block + text + tables * self.width + convolutions
