"""Answers that must have a form: a JSON schema or a regular expression, kept by a mask over the tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import llguidance
import numpy as np
from numpy.typing import NDArray

from models.base import ModelError
from models.qwen_vl.words import Words

LONGEST = 1 << 16  # characters of a form; what it forces is looked through for every token
MOST_TOGETHER = 8  # patterns that one text must match: the time to find out if any can doubles with each


class ConstraintError(ModelError, ValueError):
    """A schema or expression that can't be kept, or has no finite answer."""


class Grammars:
    """Compiles forms for one tokenizer; making it takes about half a second, so it is made when first asked for."""

    def __init__(self, words: Words, vocab: int, stops: Sequence[int]) -> None:
        """Raises ConstraintError for a tokenizer it can't be done with."""
        self._vocab = vocab
        self._stops = list(stops)
        try:
            self._tokenizer = llguidance.LLTokenizer(
                words.tokenizer.to_str(), n_vocab=vocab, eos_token=self._stops
            )
        except ValueError as error:
            raise ConstraintError(f"this model's tokenizer can't keep to a form: {error}") from error

    def json(self, schema: Mapping[str, Any]) -> Constraint:
        """A constraint to JSON of this schema. Raises ConstraintError."""
        compact: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        try:
            text = json.dumps(schema)
            _bound("JSON schema", text)
            if any(len(parts) > MOST_TOGETHER for parts in _together(schema)):
                raise ConstraintError(f"the JSON schema wants more than {MOST_TOGETHER} patterns of one text")
            grammar = llguidance.LLMatcher.grammar_from_json_schema(text, overrides=compact)
        except ConstraintError:
            raise
        except (ValueError, TypeError, RecursionError) as error:
            raise ConstraintError(f"the JSON schema can't be used: {_short(error)}") from error
        return self._start(grammar, "JSON schema")

    def regex(self, expression: str) -> Constraint:
        """A constraint to text that matches the whole expression. Raises ConstraintError."""
        _bound("regular expression", expression)
        try:
            grammar = llguidance.LLMatcher.grammar_from_regex(expression)
        except (ValueError, TypeError) as error:
            raise ConstraintError(f"the regular expression can't be used: {_short(error)}") from error
        return self._start(grammar, "regular expression")

    def _start(self, grammar: str, kind: str) -> Constraint:
        matcher = llguidance.LLMatcher(self._tokenizer, grammar)
        if matcher.is_error():
            raise ConstraintError(f"the {kind} can't be used: {_short(matcher.get_error())}")
        return Constraint(matcher, self._vocab, self._stops, kind)


class Constraint:
    """The state of one answer."""

    def __init__(self, matcher: Any, vocab: int, stops: Sequence[int], kind: str) -> None:
        self._matcher = matcher
        self._vocab = vocab
        self._stops = list(stops)
        self._kind = kind
        self._mask = np.zeros((vocab + 31) // 32, np.uint32)

    def allowed(self) -> NDArray[np.bool_]:
        """bool[vocab]: what may come next. Raises ConstraintError where nothing may."""
        self._matcher.unsafe_compute_mask_ptr(self._mask.ctypes.data, self._mask.nbytes)
        self._check()
        bits = np.unpackbits(self._mask.view(np.uint8), bitorder="little")[: self._vocab].astype(np.bool_)
        if not bits.any():
            raise ConstraintError(f"the {self._kind} allows nothing here: it has no finite answer")
        return bits

    def take(self, token: int) -> None:
        """Go on with ``token``. Raises ConstraintError."""
        if not self._matcher.consume_token(token):
            self._check()
            raise ConstraintError(f"the {self._kind} does not allow token {token}")

    def forced(self) -> list[int]:
        """Tokens that must come next, if any: a guess that is nearly always right."""
        return [] if self.done() else list(self._matcher.compute_ff_tokens())

    def done(self) -> bool:
        """Whether the form is complete and nothing but its end may come."""
        return bool(self._matcher.is_stopped())

    def accepting(self) -> bool:
        """Whether what was said so far is complete."""
        return bool(self._matcher.is_accepting())

    def _check(self) -> None:
        if self._matcher.is_error():
            raise ConstraintError(f"the {self._kind} can't be kept: {_short(self._matcher.get_error())}")


def _bound(kind: str, text: str) -> None:
    if len(text) > LONGEST:
        raise ConstraintError(f"the {kind} has {len(text)} characters; it can have {LONGEST}")


def _together(schema: Any) -> Iterator[list[str]]:
    """For each ``allOf`` in a schema, the patterns it brings together; a reference may stand for one."""
    if isinstance(schema, Mapping):
        if "allOf" in schema:
            yield list(_patterns(schema))
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from _together(part)


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from (key for key in schema if key in ("pattern", "format", "$ref"))
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from _patterns(part)


def _short(error: object) -> str:
    """What the library says, short enough for a sentence."""
    return str(error).strip().partition("\n")[0][:200]
