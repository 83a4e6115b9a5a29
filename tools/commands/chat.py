"""``browline chat [MODEL]``: talk with a language model; what was read is not read again."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.base import ModelError
from models.qwen_vl.engine import Engine, Request
from models.store import cache_folder
from tools.clipboard import Pasted
from tools.commands.ask import (
    Turn,
    add_generation,
    read_picture,
    read_schema,
    sampling_of,
    say,
    system_turn,
    user_turn,
)
from tools.qwen import open_model

HELP = (
    "a picture's path in a line shows it, Ctrl-V pastes one · /schema FILE  answer in JSON of this schema · "
    "/schema  freely again · /adapter [NAME|none]  which there are, or switch · /new  forget all · /quit"
)

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".ppm"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The model and how it draws."""
    parser.add_argument("model", nargs="?", help="a name from `browline models list`, or a folder")
    add_generation(parser)


def main(options: argparse.Namespace) -> int:
    """1: there is no such model; 2: a figure out of its range."""
    try:
        sampling_of(options)
        engine = open_model(options.model, options.threads)
        engine.open_adapter(options.adapter)
    except ModelError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2
    if sys.stdin is None:
        print("browline: standard input is closed: there is nothing to answer", file=sys.stderr)
        return 2
    if sys.stdin.isatty():
        print(
            f"{engine.folder.about.name}: type; Ctrl-C stops an answer, Ctrl-D leaves. {HELP}",
            file=sys.stderr,
        )
    chat = Chat(engine, options)
    return max((chat.line(line) for line in _lines(chat.pasted)), default=0)


class Chat:
    """The turns so far."""

    def __init__(self, engine: Engine, options: argparse.Namespace) -> None:
        self._engine = engine
        self._options = options
        self._schema: dict[str, Any] | None = None
        self.pasted = Pasted()
        self._adapter: str = options.adapter
        self.turns: list[Turn] = system_turn(options.system)

    def line(self, line: str) -> int:
        """A question or a command; 1 when it could not be answered."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return 0
        if word.rfind("/") == 0 and not Path(word).exists():  # a path that was dropped here is none
            return self._command(word, rest.strip())
        return self._ask(line.strip())

    def _ask(self, question: str) -> int:
        try:
            pictures, words = self.pasted.taken(self.pasted.named(question))
            paths, words = pictures_in(words)
            self.turns.append(user_turn(words, pictures + [read_picture(path) for path in paths]))
        except ValueError as error:
            print(f"browline: {error}", file=sys.stderr)
            return 1
        options = self._options
        request = Request(
            messages=self.turns,
            limit=options.limit,
            sampling=sampling_of(options),
            schema=self._schema,
            adapter=self._adapter,
        )
        try:
            answer = say(self._engine, request, sys.stdout)
        except KeyboardInterrupt:  # the question is taken back; what was read of it is kept
            self.turns.pop()
            print("\n(stopped)", file=sys.stderr)
            return 0
        except ModelError as error:
            self.turns.pop()
            print(f"browline: {error}", file=sys.stderr)
            return 1
        self.turns.append({"role": "assistant", "content": answer.text})
        return 0

    def _command(self, word: str, rest: str) -> int:
        match word:
            case "/quit" | "/exit":
                raise SystemExit(0)
            case "/new":
                self.turns = system_turn(self._options.system)
                self.pasted.forget()
            case "/schema":
                try:
                    self._schema = read_schema(Path(rest).expanduser() if rest else None)
                except ValueError as error:
                    print(f"browline: {error}", file=sys.stderr)
                    return 1
            case "/adapter":
                return self._switch(rest)
            case "/help":
                print(HELP, file=sys.stderr)
            case _:
                print(f"browline: there is no {word}. {HELP}", file=sys.stderr)
                return 1
        return 0

    def _switch(self, name: str) -> int:
        """Go on with another adapter; the turns so far stay, and it reads them itself."""
        try:
            if name:
                wanted = "" if name == "none" else name
                self._engine.open_adapter(wanted)
                self._adapter = wanted
        except ModelError as error:
            print(f"browline: {error}", file=sys.stderr)
            return 1
        there = ", ".join(self._engine.adapters()) or "none: `browline models adapter` adds one"
        print(f"adapter: {self._adapter or 'none'} (there are: {there})", file=sys.stderr)
        return 0


def pictures_in(line: str) -> tuple[list[Path], str]:
    """The paths of pictures in a line, as typed, quoted or dropped on the terminal, and the words without them."""
    paths: list[Path] = []
    for word in re.findall(r"""'[^']*'|"[^"]*"|(?:\\.|\S)+""", line):
        plain = word[1:-1] if word[0] in "'\"" and word[-1:] == word[0] else re.sub(r"\\(.)", r"\1", word)
        path = Path(plain.rstrip("?!,.;:")).expanduser()
        if path.suffix.lower() in SUFFIXES and path.is_file():
            paths.append(path)
            line = line.replace(word, " ", 1)
    return paths, " ".join(line.split()) if paths else line


def _lines(pasted: Pasted) -> Iterator[str]:
    """What is typed, with history; or the lines of a pipe."""
    if not sys.stdin.isatty():
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        yield from sys.stdin
        return
    from tools.prompt import Prompt

    prompt = Prompt(pasted, cache_folder(os.environ) / "chat_history")
    while True:
        try:
            yield prompt.ask()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
