"""The shell: keys in, answers out, with history and completion for people, one JSON object a line for programs.

It knows no stream: bytes come by ``type``, go by ``send``. ``json on`` turns echo, prompt and editing off; each
command then ends with one line ``{"ok": …, "text": …, "data": …}``, and what it says on the way has no "ok".
Ctrl-C ends the running command, or the line that was begun; Ctrl-D brings the prompt back from JSON.
"""

from __future__ import annotations

import asyncio
import functools
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from drivers.base import DriverError
from models.base import ModelError
from runtime.console import editor
from runtime.console.command import Answer, Call, Command
from runtime.console.commands import COMMANDS
from runtime.console.errors import ConsoleError, UsageError, hint
from runtime.console.glasses import Glasses
from runtime.console.table import table
from runtime.core.errors import RuntimeFault, describe
from runtime.core.tasks import cancelled

LONGEST_BACKLOG = 65_536  # bytes typed ahead; what comes after is dropped
CTRL_C, CTRL_D, CTRL_U = b"\x03", b"\x04", b"\x15"
EXPECTED = (ConsoleError, RuntimeFault, DriverError, ModelError)


class Shell:
    """One conversation with one pair of glasses."""

    def __init__(
        self, glasses: Glasses, send: Callable[[bytes], None], commands: Sequence[Command] = COMMANDS
    ) -> None:
        self._glasses, self._send = glasses, send
        self._commands = {
            command.name: command
            for command in (
                Command("help", self._help, "this list, or a command's forms", "[COMMAND]", self._names),
                *commands,
                Command("json", self._set_json, "answers as JSON lines", "on [TOKEN] | off", _on_off),
            )
        }
        self._editor = editor.Editor(self._write, self._complete)
        self._json = False
        self._kept: dict[str, Any] = {}
        self._backlog = bytearray()
        self._arrived = asyncio.Event()
        self._command: asyncio.Task[Answer] | None = None

    def type(self, data: bytes) -> None:
        """Take what was typed; Ctrl-C ends the running command at once, and what was begun over several lines."""
        if CTRL_C in data:
            self._kept.clear()
        if self._command is not None and CTRL_C in data:
            self._command.cancel()
            self._backlog.clear()
            data = data.rpartition(CTRL_C)[2]
        self._backlog += data[: max(0, LONGEST_BACKLOG - len(self._backlog))]
        self._arrived.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        self._write(f"Browline on {self._glasses.board.name}. `help` lists the commands; Tab completes.\n")
        while True:
            line = await (self._plain_line() if self._json else self._edited_line())
            if line.strip():
                await self._serve(line)

    async def _serve(self, line: str) -> None:
        self._command = asyncio.get_running_loop().create_task(self._run(line), name="console command")
        try:
            answer, ok = await self._command, True
        except asyncio.CancelledError:
            if cancelled():  # the conversation, not the command alone
                self._command.cancel()
                raise
            answer, ok = Answer("ended"), False
        except EXPECTED as error:
            answer, ok = Answer(str(error)), False
        except Exception as error:  # a mistake of ours must not end the conversation
            self._glasses.log.warning("command failed", part="console", line=line, error=describe(error))
            answer, ok = Answer(f"the command failed: {describe(error)}; `log` has more"), False
        self._command = None
        self._say(answer, ok)

    async def _run(self, line: str) -> Answer:
        try:
            words = shlex.split(line)
        except ValueError:
            raise UsageError("a quotation mark is missing its partner") from None
        if not words:
            return Answer()
        command = self._commands.get(words[0])
        if command is None:
            raise UsageError(
                f"there is no command {words[0]!r}.{hint(words[0], self._commands)} `help` lists them"
            )
        try:
            show = functools.partial(self._say, ok=None)
            return await command.run(Call(self._glasses, words[1:], show, self._kept))
        except UsageError as error:
            raise UsageError(f"{error}. Usage: {_forms(command)}") from error

    def _say(self, answer: Answer, ok: bool | None) -> None:
        if self._json:
            said = {"text": answer.text, "data": answer.data} | ({} if ok is None else {"ok": ok})
            self._send(msgspec.json.encode(said, enc_hook=str) + b"\n")
        elif answer.text:
            self._write(answer.text + "\n")

    def _write(self, text: str) -> None:
        self._send(text.replace("\r\n", "\n").replace("\n", "\r\n").encode())

    async def _edited_line(self) -> str:
        """A line from the editor, fed as keys come."""
        line = asyncio.get_running_loop().create_task(self._editor.line(), name="console line")
        try:
            while not line.done():
                if self._backlog:
                    self._editor.type(self._taken(editor.CHUNK))
                    await self._glasses.clock.sleep(0)
                    continue
                self._arrived.clear()
                arrived = asyncio.ensure_future(self._arrived.wait())
                try:
                    await asyncio.wait({line, arrived}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    arrived.cancel()
            return line.result()
        finally:
            line.cancel()

    async def _plain_line(self) -> str:
        """A line as it comes. Ctrl-C and Ctrl-U begin it anew; after Ctrl-D there is a prompt again."""
        while b"\n" not in self._backlog.replace(b"\r", b"\n"):
            if CTRL_D in self._backlog:
                self._json = False
                self._kept.clear()
                self._backlog = self._backlog.rpartition(CTRL_D)[2]
                return ""
            if len(self._backlog) >= LONGEST_BACKLOG:
                self._backlog.clear()
            self._arrived.clear()
            await self._arrived.wait()
        end = self._backlog.replace(b"\r", b"\n").index(b"\n")
        line = self._taken(end + 1).strip()
        for erasing in (CTRL_C, CTRL_U):
            line = line.rpartition(erasing)[2]
        return line.decode(errors="replace")

    def _taken(self, n: int) -> bytes:
        data = bytes(self._backlog[:n])
        del self._backlog[:n]
        return data

    def _complete(self, before: str) -> list[str]:
        """What may stand in the place of the last word of ``before``."""
        try:
            words = shlex.split(before)
        except ValueError:
            return []
        last = "" if before[-1:].isspace() or not words else words.pop()
        if not words:
            known: Any = self._commands
        elif words[0] in self._commands:
            known = self._commands[words[0]].complete(self._glasses, words[1:])
        else:
            known = ()
        return [word for word in known if word.startswith(last)]

    async def _help(self, call: Call) -> Answer:
        call.most(1)
        if not call.words:
            rows = [(command.name, command.text) for command in self._commands.values()]
            return Answer(table(rows), dict(rows))
        name = call.words[0]
        if name not in self._commands:
            raise UsageError(f"there is no command {name!r}.{hint(name, self._commands)}")
        command = self._commands[name]
        return Answer(f"{_forms(command)}\n{command.text}")

    def _names(self, _glasses: Glasses, before: Sequence[str]) -> Sequence[str]:
        return () if before else tuple(self._commands)

    async def _set_json(self, call: Call) -> Answer:
        call.most(2)
        if call.words[:1] not in (["on"], ["off"]):
            raise UsageError("say on or off")
        self._json = call.words[0] == "on"
        self._kept.clear()
        self._send(b"\r\n")  # what the editor drew last must not stand before an answer
        return Answer(f"json {call.words[0]}", call.words[1] if len(call.words) > 1 else None)


def _on_off(_glasses: Glasses, before: Sequence[str]) -> Sequence[str]:
    return () if before else ("on", "off")


def _forms(command: Command) -> str:
    first, *rest = command.usage.split("\n")
    return "\n".join([f"{command.name} {first}".strip(), *(f"  {line}" for line in rest)])
