"""The tokenizer inside a GGUF file, as the ``tokenizer.json`` it was converted from.

GGUF holds a byte-level BPE as tokens, merges and a type for each token; the splitting rule is only named
(``tokenizer.ggml.pre``). Rule of Qwen2: its ``tokenizer.json`` on the Hub.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from tools.export.errors import CheckpointError, FamilyError

CONTROL, USER_DEFINED = 3, 4  # gguf.TokenType
SPLITS = {
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+",
}
SPLITS["deepseek-r1-qwen"] = SPLITS["qwen2"]


class Metadata(Protocol):
    """What is needed of the file's metadata."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default``."""
        ...

    def need(self, key: str) -> Any:
        """The value. Raises CheckpointError."""
        ...


def tokenizer_files(meta: Metadata) -> dict[str, bytes]:
    """``tokenizer.json``, ``tokenizer_config.json`` and, where there is one, ``chat_template.jinja``."""
    tokens = meta.need("tokenizer.ggml.tokens")
    files = {
        "tokenizer.json": _tokenizer(meta, tokens).to_str().encode(),
        "tokenizer_config.json": json.dumps(_special(meta, tokens)).encode(),
    }
    if template := meta.get("tokenizer.chat_template"):
        files["chat_template.jinja"] = template.encode()
    return files


def _tokenizer(meta: Metadata, tokens: list[str]) -> Tokenizer:
    if (kind := meta.need("tokenizer.ggml.model")) != "gpt2":
        raise FamilyError(f"the file's tokenizer is {kind!r}; a byte-level BPE ('gpt2') is read")
    if (split := meta.get("tokenizer.ggml.pre", "qwen2")) not in SPLITS:
        raise FamilyError(f"the file's tokenizer splits text by {split!r}; known are: {', '.join(SPLITS)}")
    types = meta.get("tokenizer.ggml.token_type", [1] * len(tokens))
    added = {token for token, kind in zip(tokens, types, strict=True) if kind in (CONTROL, USER_DEFINED)}
    vocabulary = {token: i for i, token in enumerate(tokens)}
    if len(vocabulary) != len(tokens):
        raise CheckpointError("the file's tokenizer has the same token twice: it is damaged")
    merges = [tuple(merge.split(" ", 1)) for merge in meta.get("tokenizer.ggml.merges", [])]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLITS[split]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens(
        [
            AddedToken(token, special=types[vocabulary[token]] == CONTROL, normalized=False)
            for token in sorted(added, key=vocabulary.__getitem__)
        ]
    )
    return tokenizer


def _special(meta: Metadata, tokens: list[str]) -> dict[str, Any]:
    named = {"eos_token": "eos", "bos_token": "bos", "pad_token": "padding"}
    found: dict[str, Any] = {}
    for name, key in named.items():
        index = meta.get(f"tokenizer.ggml.{key}_token_id")
        if index is not None and 0 <= int(index) < len(tokens):
            found[name] = tokens[int(index)]
    return found
