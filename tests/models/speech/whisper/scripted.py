"""A vocabulary as Whisper's, small, and a model that says what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from models.speech.whisper.model import Sound
from models.speech.whisper.shape import Shape
from models.speech.whisper.tokens import Vocabulary

LANGUAGES = ("en", "zh", "ja", "jw")
WORDS = (" thank", " you", " for", " watching", " one", " two", "你好", " the")
STEERING = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
Script = Callable[[Sound, Sequence[int]], dict[int, float]]


def write_tokenizer(folder: Path, languages: Sequence[str] = LANGUAGES) -> Path:
    """``tokenizer.json``: every byte, some whole words, and the special tokens in Whisper's order."""
    shape = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab, merges = {letter: i for i, letter in enumerate(alphabet)}, []
    for word in WORDS:
        ((letters, _),) = shape.pre_tokenize_str(word)
        for end in range(2, len(letters) + 1):
            if letters[:end] not in vocab:
                vocab[letters[:end]] = len(vocab)
                merges.append((letters[: end - 1], letters[end - 1]))
    made = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    made.pre_tokenizer, made.decoder = shape, decoders.ByteLevel()
    names = ("endoftext", "startoftranscript", *languages, *STEERING)
    made.add_special_tokens([AddedToken(f"<|{name}|>", normalized=False) for name in names])
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


class Small(Vocabulary):
    """The small vocabulary: multilingual though it is small."""

    def __init__(self, folder: Path) -> None:
        file = write_tokenizer(folder)
        size = Tokenizer.from_file(str(file)).get_vocab_size(with_added_tokens=True) + 1501
        super().__init__(file, size, multilingual=True)


class Scripted:
    """Gives each token the logit that ``script`` says for the sound and what was fed so far, −20 to all others."""

    def __init__(self, vocabulary: Vocabulary, script: Script) -> None:
        self.shape = Shape(
            mels=80, audio_layers=1, text_layers=1, width=8, heads=1, ffn=8, vocabulary=vocabulary.size
        )
        self.started: list[Sound] = []
        self.frames: list[int] = []
        self._script = script
        self._fed: list[int] = []

    def encode(self, mel: NDArray[np.float32]) -> Sound:
        self.frames.append(mel.shape[1])
        level = np.full(1, mel.max(initial=-9.0), np.float32)
        return Sound(cross=level, sizes=np.zeros(1, np.float32), positions=mel.shape[1] // 2)

    def start(self, sound: Sound) -> None:
        self.started.append(sound)
        self._fed = []

    def feed(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        last: NDArray[np.float32] = self.feed_all(tokens)[-1]
        return last

    def feed_all(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        rows = []
        for token in tokens:
            self._fed.append(token)
            row = np.full(self.shape.vocabulary, -20, np.float32)
            for wanted, logit in self._script(self.started[-1], self._fed).items():
                row[wanted] = logit
            rows.append(row)
        return np.array(rows)

    def rewind(self, position: int) -> None:
        del self._fed[position:]

    def close(self) -> None:
        self._fed = []


def is_silent(sound: Sound) -> bool:
    """Whether the sound is digital silence."""
    return bool(sound.cross[0] < -1)
