"""The line where a person types to a model: history, and Ctrl-V that pastes a picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from models.qwen_vl.pixels import PictureError
from tools.clipboard import Pasted, paste


class Prompt:
    """``ask`` gives one line after the other; pictures that were pasted into them are in ``pasted``.

    ``note`` is shown below the line until the next key: why there was nothing to paste.
    """

    def __init__(
        self, pasted: Pasted, history: Path | None, environ: Mapping[str, str] = os.environ, **ends: Any
    ) -> None:
        """``ends``: prompt_toolkit's ``input`` and ``output`` where they are not the terminal's. Raises OSError."""
        self._pasted, self._environ = pasted, environ
        self.note = ""
        self._session: PromptSession[str] = PromptSession(
            history=_history(history),
            key_bindings=self._keys(),
            **ends,
        )

    def ask(self) -> str:
        """The next line. Raises KeyboardInterrupt, EOFError."""
        self._say("")
        return self._session.prompt("> ")

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.ControlV)
        def _(event: KeyPressEvent) -> None:
            self._insert(event, lambda: self._pasted.add(paste(self._environ)))

        @keys.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            text = event.data.replace("\r\n", "\n").replace("\r", "\n")
            self._insert(event, lambda: self._pasted.named(text))

        return keys

    def _insert(self, event: KeyPressEvent, text: Callable[[], str]) -> None:
        try:
            event.current_buffer.insert_text(text())
            self._say("")
        except PictureError as error:
            self._say(str(error))

    def _say(self, note: str) -> None:
        self.note = note
        self._session.bottom_toolbar = note or None


def _history(path: Path | None) -> History:
    if path is None:
        return InMemoryHistory()
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileHistory(str(path))
