"""Editing a line over a byte stream: prompt_toolkit, given pipes instead of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle

PROMPT = "browline> "
CHUNK = 1024  # bytes fed at once: fewer than a pipe holds
ROWS, COLUMNS = 24, 80  # a serial line does not tell


class Editor:
    """``line`` gives edited lines; the keys come by ``type``, the drawing goes to ``write``."""

    def __init__(self, write: Callable[[str], None], complete: Callable[[str], list[str]]) -> None:
        self._pipe = create_pipe_input()  # held: when it goes, the pipe is closed
        self._keys = self._pipe.__enter__()
        screen: Any = _Screen(write)
        self._session: PromptSession[str] = PromptSession(
            PROMPT,
            input=self._keys,
            output=Vt100_Output(screen, lambda: Size(ROWS, COLUMNS), term="xterm", enable_cpr=False),
            history=InMemoryHistory(),
            completer=_Words(complete),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
        )

    def type(self, keys: bytes) -> None:
        """Feed at most CHUNK bytes."""
        self._keys.send_bytes(keys)

    async def line(self) -> str:
        """The next line; empty after Ctrl-C and Ctrl-D."""
        try:
            return await self._session.prompt_async(handle_sigint=False, set_exception_handler=False)
        except (KeyboardInterrupt, EOFError):
            return ""


class _Screen:
    """The part of a text file that prompt_toolkit draws on."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write

    def flush(self) -> None:
        """All is written at once."""

    def isatty(self) -> bool:
        """A person looks at it."""
        return True

    def fileno(self) -> int:
        """There is none."""
        raise OSError("a byte stream has no file descriptor")


class _Words(Completer):
    def __init__(self, complete: Callable[[str], list[str]]) -> None:
        self._complete = complete

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        last = before.rpartition(" ")[2]
        for word in self._complete(before):
            yield Completion(word + " ", -len(last), display=word)
