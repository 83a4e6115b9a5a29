"""Which translator does it: the language model where there is one, else Whisper's own way into English."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from models.base import Spoken, Translator
from models.translation.errors import TranslationError
from models.translation.whisper import ENGLISH

Way = Literal["auto", "whisper", "language"]
WAYS: tuple[Way, ...] = get_args(Way)
WAY_SETTING = "translate.way"  # under which the wearer's choice is kept


class Choice:
    """A ``Translator`` that hands each sentence to one of two; ``has_language`` is asked each time.

    ``way`` may be changed at any time: "auto", or one of them always.
    """

    def __init__(
        self,
        *,
        whisper: Translator,
        language: Translator,
        has_language: Callable[[], bool],
        way: Way = "auto",
    ) -> None:
        self._whisper, self._language, self._has_language = whisper, language, has_language
        self.way: Way = way

    def picked(self, target: str) -> Literal["whisper", "language"]:
        """Which of them would translate into ``target`` now. Raises TranslationError when neither can."""
        if self.way == "language" or (self.way == "auto" and self._has_language()):
            return "language"
        if target == ENGLISH:
            return "whisper"
        raise TranslationError(
            f"Into {target} a language model translates: run `browline models build CHECKPOINT`"
            if self.way == "auto"
            else f"Whisper translates into English, not {target}: choose another way"
        )

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        """The sentence in ``target``, by the one that is picked. Raises ModelError."""
        chosen = self._whisper if self.picked(target) == "whisper" else self._language
        return await chosen.translate(spoken, target, on_text=on_text)
