"""Whether a translation may be shown: it may say nothing that its source does not say.

A translation is dropped for what is wrong with it, in a word:

    empty     no word in it
    markup    tags, Markdown, several lines: not speech
    script    letters that the target language does not write with
    language  the letters are right and the language is not
    copy      the source again, as it is or in pinyin
    comment   words about the translation instead of it, or brackets that the source has not
    answer    a question answered, an order carried out
    loop      the same words over and over, which the source does not do
    length    far longer or far shorter than the source can become
    number    a number, date, time, price or share without a source, or one of the source's that is gone
    unit      the number is right and what it counts is not
    date      a day ("tomorrow") other than the source's
    name      a name without a source, or one of the source's that is gone

While a translation is still being made (``final`` False) only what can no longer become right is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.translation import guard_answers, guard_form, guard_names, guard_numbers
from models.translation.pair import Pair

NO_NAMES: Mapping[str, str] = MappingProxyType({})

GUARDS: tuple[Callable[[Pair], str | None], ...] = (
    guard_form.empty,
    guard_form.markup,
    guard_form.script,
    guard_form.copy,
    guard_answers.comment,
    guard_form.language,
    guard_form.loop,
    guard_numbers.numbers,
    guard_numbers.days,
    guard_answers.answer,
    guard_form.length,
    guard_names.names,
)


def fault(
    source: str,
    text: str,
    *,
    language: str,
    target: str,
    glossary: Mapping[str, str] = NO_NAMES,
    final: bool = True,
) -> str | None:
    """What is wrong with ``text`` as the translation of ``source``; None when it may be shown.

    ``language`` and ``target`` are ISO 639-1, ``glossary`` maps names as they are said to names as they are shown.

    >>> fault("一共三百块。", "It's 3,000 yuan in total.", language="zh", target="en")
    'number'
    >>> fault("一共三百块。", "It's 300 yuan in total.", language="zh", target="en")
    """
    pair = Pair(source, text, language, target, glossary, final)
    return next((reason for guard in GUARDS if (reason := guard(pair))), None)


def prepare() -> None:
    """Read the tables and compile the patterns now, a few tenths of a second, for a thread that nobody waits for."""
    fault("一共三百块。", "It's 300 yuan, says John Smith.", language="zh", target="en")
