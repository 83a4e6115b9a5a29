"""Whisper's own second task: it writes in English what it hears in any language."""

from __future__ import annotations

from collections.abc import Callable, Generator

from models.base import Hypothesis, Recogniser, Spoken
from models.runner import Priority, Runner
from models.translation.errors import TranslationError

JOB = "interpret"  # the runner's name for a sentence that is being translated
ENGLISH = "en"


class WhisperTranslator:
    """A ``Translator`` into English by a recogniser that has the task; it hears the sentence once more.

    ``open_recogniser`` gives the model, on the runner's worker, each time: whoever owns it may have unloaded it.
    """

    def __init__(self, runner: Runner, open_recogniser: Callable[[], Recogniser]) -> None:
        self._runner, self._open = runner, open_recogniser

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        """The sentence in English; ``on_text`` gets it whole.

        Raises TranslationError for another target, a text without sound, or when the model doubts what it made.
        """
        if target != ENGLISH:
            raise TranslationError(f"Whisper translates into English, not {target}: build a language model")
        if not len(spoken.samples):
            raise TranslationError("Whisper translates what it hears: there is no sound to this text")
        heard = await self._runner.run(self._steps(spoken), name=JOB, priority=Priority.CAPTION)
        if heard.doubt:
            raise TranslationError(f"Whisper's translation is not to be believed ({heard.doubt})")
        if on_text is not None and heard.text:
            on_text(heard.text)
        return heard.text

    def _steps(self, spoken: Spoken) -> Generator[None, None, Hypothesis]:
        utterance = self._open().utterance(language=spoken.language, task="translate")
        utterance.accept(spoken.samples)
        return (yield from utterance.decode(final=True))
