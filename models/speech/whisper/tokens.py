"""Whisper's vocabulary: byte-level BPE as in ``tokenizer.json``, and the tokens that steer it.

Three vocabularies are in use: the English one (51,864 tokens), the multilingual one (51,865, 99 languages) and
large-v3's (51,866, with Cantonese). Their special tokens are found by name: none of their numbers stands here
(openai/whisper, ``tokenizer.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.base import ManifestError, Task

TIMESTAMP_S = 0.02
LAST_TIMESTAMP = 1500  # 30.00 s
ISO = {"jw": "jv"}  # what Whisper calls by another name than ISO 639-1
# Signs that would be notes of a subtitler and not speech (``non_speech_tokens`` there).
SIGNS = tuple('"#()*+/:;<=>@[\\]^_`{|}~「」『』')
RUNS = (
    "<<",
    ">>",
    "<<<",
    ">>>",
    "--",
    "---",
    "-(",
    "-[",
    "('",
    '("',
    "((",
    "))",
    "(((",
    ")))",
    "[[",
    "]]",
    "{{",
    "}}",
)
NOTES = (*"♩♪♫♬♭♮♯", "♪♪", "♪♪♪")  # several tokens each, of which the first is suppressed
_FOLLOWING = {bytes([byte]) for byte in range(0x80, 0xC0)}  # of UTF-8


class Vocabulary:
    """Text ↔ tokens, and what each special token is."""

    def __init__(self, file: Path, size: int, *, multilingual: bool) -> None:
        """``size``: the model's count of logits. Raises ManifestError."""
        self._tokenizer = _load(file)
        self.size, self.multilingual = size, multilingual
        self.end = self._special("endoftext")
        self.start = self._special("startoftranscript")
        self.previous = self._special("startofprev")
        self.no_timestamps = self._special("notimestamps")
        self.no_speech = self._special("nospeech", "nocaptions")
        self.tasks: dict[Task, int] = {
            "transcribe": self._special("transcribe"),
            "translate": self._special("translate"),
        }
        self.first_timestamp = self.no_timestamps + 1
        self.languages = self._languages() if multilingual else {"en": -1}
        self.blank = self.encode(" ")[0]

    def encode(self, text: str) -> list[int]:
        """The tokens of plain text; what looks like a special token in it is text."""
        self._tokenizer.encode_special_tokens = True
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def opening(self, language: str, task: Task, *, timestamps: bool) -> list[int]:
        """What a text begins with: start, language, task. Raises ValueError for a language it does not know."""
        if language not in self.languages:
            raise ValueError(
                f"this Whisper does not know the language {language!r}: {' '.join(self.languages)}"
            )
        steering = [self.languages[language], self.tasks[task]] if self.multilingual else []
        return [self.start, *steering, *([] if timestamps else [self.no_timestamps])]

    def prompt(self, text: str, room: int) -> list[int]:
        """What was said before, or words to expect, as the tokens before the start: the last ``room`` at most."""
        words = self.encode(" " + text.strip()) if text.strip() else []
        return [self.previous, *words[-room:]] if words and room > 0 else []

    def bytes_of(self, token: int) -> bytes:
        """The UTF-8 bytes of a token, of which a character may need several; none for a special token."""
        sign = self._tokenizer.id_to_token(token) if token < self.end else None
        return bytes(_bytes_of_signs()[letter] for letter in sign) if sign else b""

    def goes_on(self, token: int) -> bool:
        """Whether a token begins with a byte that goes on with a character."""
        return self.bytes_of(token)[:1] in _FOLLOWING

    def text(self, tokens: Sequence[int]) -> str:
        """The text of ``tokens``, without special ones and without a character that is not whole."""
        return b"".join(map(self.bytes_of, tokens)).decode("utf-8", errors="ignore")

    def seconds(self, token: int) -> float:
        """The time of a timestamp token, from the start of the window."""
        return (token - self.first_timestamp) * TIMESTAMP_S

    def suppressed(self, *, timestamps: bool) -> NDArray[np.bool_]:
        """bool[size]: tokens that are never part of a text."""
        never = np.zeros(self.size, np.bool_)
        never[self.end + 1 : self.first_timestamp] = True  # every special token but the end
        never[self.first_timestamp + (LAST_TIMESTAMP + 1 if timestamps else 0) :] = True
        never[self._signs()] = True
        return never

    def _signs(self) -> list[int]:
        """A dash or an apostrophe is allowed within a word, not at the beginning of one."""
        found = {self.encode(" -")[0], self.encode(" '")[0]}
        for sign in (*SIGNS, *RUNS, *NOTES):
            for tokens in (self.encode(sign), self.encode(" " + sign)):
                if len(tokens) == 1 or sign in NOTES:
                    found.add(tokens[0])
        return sorted(found)

    def _languages(self) -> dict[str, int]:
        """ISO 639-1 (639-3 where there is none) → token; they stand between start and the tasks."""
        between = range(self.start + 1, min(self.tasks.values()))
        names = {token: str(self._tokenizer.id_to_token(token)).strip("<|>") for token in between}
        return {ISO.get(name, name): token for token, name in names.items()}

    def _special(self, *names: str) -> int:
        for name in names:
            if (token := self._tokenizer.token_to_id(f"<|{name}|>")) is not None:
                return int(token)
        raise ManifestError(
            f"tokenizer.json has no token <|{names[0]}|>: it is not Whisper's; build the model again"
        )


def _load(file: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise ManifestError(f"{file} is no tokenizer ({error}): build the model again") from error


@cache
def _bytes_of_signs() -> dict[str, int]:
    """GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2, ``encoder.py``, ``bytes_to_unicode``)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + k): byte for k, byte in enumerate(others)}
