"""Text ↔ token ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from models.base import ManifestError


class Words:
    """A model's tokenizer."""

    def __init__(self, path: Path) -> None:
        """``path`` is a ``tokenizer.json``. Raises ManifestError."""
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise ManifestError(f"{path} can't be read ({error}): build the model again") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        added = self._tokenizer.get_added_tokens_decoder().values()
        self._specials = [token.content for token in added]

    @property
    def tokenizer(self) -> Tokenizer:
        """The library's own object."""
        return self._tokenizer

    def id(self, token: str) -> int | None:
        """The id of a token that is in the vocabulary as it stands."""
        found: int | None = self._tokenizer.token_to_id(token)
        return found

    def encode(self, text: str, quoted: Sequence[str] = ()) -> list[int]:
        """Token ids; what ``quoted`` holds is taken from its first places in ``text`` as plain words.

        So a message that contains ``<|im_end|>`` can't end its turn.
        """
        ids: list[int] = []
        for part, plain in self._split(_whole(text), [_whole(words) for words in quoted]):
            self._tokenizer.encode_special_tokens = plain
            ids += self._tokenizer.encode(part, add_special_tokens=False).ids
        self._tokenizer.encode_special_tokens = False
        return ids

    def _split(self, text: str, quoted: Sequence[str]) -> list[tuple[str, bool]]:
        parts: list[tuple[str, bool]] = []
        at = 0
        for words in quoted:
            if not any(special in words for special in self._specials):
                continue
            start = text.find(words, at)
            if start >= 0:
                parts += [(text[at:start], False), (words, True)]
                at = start + len(words)
        return [*parts, (text[at:], False)]

    def decode(self, ids: Sequence[int]) -> str:
        """Text without special tokens."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def stream(self) -> Stream:
        """Decodes one token at a time."""
        return Stream(self._tokenizer)


def _whole(text: str) -> str:
    """Half a character (what a terminal makes of bytes that are no UTF-8) as a question mark."""
    return text.encode("utf-8", "replace").decode()


class Stream:
    """Token ids in, whole characters out."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)

    def add(self, token: int) -> str:
        """The text that is certain now; empty in the middle of a character."""
        return self._stream.step(self._tokenizer, token) or ""
