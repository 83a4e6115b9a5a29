"""Guards against a model that talks instead of translating: comments, answers, orders that it carries out."""

from __future__ import annotations

import re
from functools import cache

from models.translation.pair import Pair, script_of
from models.translation.prompt import INSTRUCTIONS
from models.translation.tables import columns

_BRACKETS = re.compile(r"[(（\[【{]")
_SHINGLE = 6  # words in a row that are the prompt's

_ASKS = re.compile(
    r"[?？]|[吗嗎]\s*(?:[。.!！]|$)|か[。？?]?\s*$|까[.?]?\s*$",
)
_ASKED = re.compile(
    r"[?？]|^\W*(?:who|what|when|where|why|how|which|whose|is|are|am|was|were|do|does|did|can|could|will|would|shall|"
    r"should|may|might|have|has|had|isn't|aren't|don't|doesn't|didn't|won't|any|anyone|anything)\b"
    r"|\b(?:wonder|ask(?:ing|ed)?|tell me|know) (?:\w+ )?(?:if|whether|who|what|when|where|why|how|which)\b",
    re.I,
)
_LEAD = r"(?:^|[。！？!?，,；;：:]\s*)(?:请你?|麻烦你?|帮我|给我|你来?|能不能|可以|现在|那你|接下来|来)*\s*"
_CLAUSE = re.compile(r"[,，:：]\s*")


Patterns = tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]


@cache
def _comments() -> Patterns:
    """What a comment says, and what a source says that really has it; compiled for the first translation."""
    return tuple(
        (re.compile(said, re.I), re.compile(source, re.I)) for said, source in columns("comments.txt")
    )


@cache
def _orders() -> Patterns:
    """An order, and what a translation keeps of it."""
    return tuple((re.compile(_LEAD + said), re.compile(kept, re.I)) for said, kept in columns("orders.txt"))


def comment(pair: Pair) -> str | None:
    """Words about the text, the model's manners, its prompt, brackets of its own."""
    if _BRACKETS.search(pair.text) and not _BRACKETS.search(pair.source):
        return "comment"
    if any(said.search(pair.text) and not there.search(pair.source) for said, there in _comments()):
        return "comment"
    return "comment" if _quotes_the_prompt(pair) else None


def answer(pair: Pair) -> str | None:
    """The answer to what the source asks, or the outcome of what it orders."""
    if not pair.final:
        return None
    if pair.target == "en" and _ASKS.search(pair.source) and not _asks(pair.text):
        return "answer"
    if pair.target == "zh" and pair.language == "en" and pair.source.rstrip(' "”').endswith("?"):
        return None if re.search(r"[？?]|[吗呢么什谁哪几怎何多]|是否|不", pair.text) else "answer"
    if pair.target != "en" or pair.language not in ("zh", "yue"):
        return None
    ordered = (kept for said, kept in _orders() if said.search(pair.source))
    return "answer" if any(not kept.search(pair.text) for kept in ordered) else None


def _asks(text: str) -> bool:
    return bool(_ASKED.search(text)) or any(_ASKED.search(clause) for clause in _CLAUSE.split(text)[1:])


def _quotes_the_prompt(pair: Pair) -> bool:
    words = _words(pair.text)
    theirs = {
        tuple(told[at : at + _SHINGLE]) for told in map(_words, INSTRUCTIONS) for at in range(len(told))
    }
    source = _words(pair.source)
    mine = {tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1)}
    own = {tuple(source[at : at + _SHINGLE]) for at in range(len(source) - _SHINGLE + 1)}
    return bool((mine & theirs) - own)


def _words(text: str) -> list[str]:
    if any(script_of(char) == "han" for char in text):
        return [char for char in text if char.isalnum()]
    return re.findall(r"[^\W\d_]+", text.lower())
