"""Translations of a recording's stretches, one at a time, by the translators that captions use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import msgspec

from models.base import ModelError, Recogniser, Spoken, Translator
from models.language import Language
from models.runner import Runner
from models.translation.guarded import Guarded
from models.translation.language_model import LanguageTranslator
from models.translation.whisper import ENGLISH, WhisperTranslator
from runtime.core.clock import RealClock
from tools.qwen import built_folder, find_model

DEADLINE_S = 60.0  # a recording can wait, a model that hangs can't be waited for
TALK = 3  # sentences before that a translator is told


@contextmanager
def interpreter(
    recogniser: Recogniser, target: str, model: str | None, tell: Callable[[str], object]
) -> Iterator[Callable[[Spoken], str]]:
    """Gives a function that translates a stretch into ``target``, "" where no translation can be believed.

    Whisper's own task into English unless a language ``model`` is named. ``tell`` hears why one is missing. Raises
    ModelError when nothing here translates into that language.
    """
    clock = RealClock()
    runner = Runner(clock, memory_mb=1 << 20)
    guarded = Guarded(open_translator(recogniser, target, model, runner), deadline_s=DEADLINE_S)
    talk: list[tuple[str, str]] = []
    with asyncio.Runner() as loop:

        def translate(spoken: Spoken) -> str:
            known = msgspec.structs.replace(spoken, before=tuple(talk[-TALK:]))
            made = loop.run(guarded.translate(known, target))
            if made.reason == "same":
                return spoken.text
            if not made.good:
                why = f"{made.reason}: {made.detail}" if made.detail else made.reason
                tell(f"not translated ({why}): {spoken.text}")
                return ""
            talk.append((spoken.text, made.text))
            return made.text

        yield translate
    clock.close()


def open_translator(recogniser: Recogniser, target: str, model: str | None, runner: Runner) -> Translator:
    """What translates into ``target`` on ``runner``: a language ``model`` where one is named. Raises ModelError."""
    if model is not None:
        place = find_model(model)
        language = Language(runner, built_folder(), 2, date.today)
        language.choose(place.name)
        return LanguageTranslator(language)
    if target != ENGLISH:
        raise ModelError(
            f"Whisper translates into English, not {target}: name a language model that does, --translator NAME"
        )
    if "translate" not in recogniser.tasks:
        raise ModelError(
            "this Whisper knows only English: build a multilingual one, `browline models build whisper-base`"
        )
    return WhisperTranslator(runner, lambda: recogniser)
