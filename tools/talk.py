"""The host's side of the glasses' console: asking in JSON, or a person's own terminal on it."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator

import msgspec

from drivers.base import DeviceLostError, DriverError
from drivers.serial.base import ByteStream

HELLO_S = 3.0
TRIES = 2  # a port that wakes up may swallow the first words
AGAIN_S = 0.5
LEAVE = b"\x1d"  # Ctrl-]
CTRL_C, CTRL_D, CTRL_U = b"\x03", b"\x04", b"\x15"


class NobodyError(Exception):
    """No glasses answer; the message says what to try."""


class Said(msgspec.Struct):
    """One line of an answer; the last one of a command has ``ok``."""

    text: str = ""
    data: object = None
    ok: bool | None = None
    raw: str = ""


class Conversation:
    """Commands in, answers out, over a console in JSON mode; leaving the ``with`` block brings the prompt back."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._heard = bytearray()

    def __enter__(self) -> Conversation:
        for _ in range(TRIES):
            token = secrets.token_hex(8)
            self._stream.write(CTRL_C + CTRL_U + f"json on {token}\r".encode())
            until = time.monotonic() + HELLO_S
            while (line := self._line(until)) is not None:
                if (said := _parsed(line)) is not None and said.data == token:
                    return self
        raise NobodyError(f"{self._stream.name} is open but nobody answers: are the glasses running?")

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(DriverError):
            self._stream.write(b"json off\r")

    def ask(self, line: str) -> Iterator[Said]:
        """Run one line → what it says on the way, and last its answer. Raises DeviceLostError."""
        if not line:
            return
        self._stream.write(line.encode() + b"\r")
        try:
            while True:
                heard = self._line(None)
                said = _parsed(heard) if heard is not None else None
                if said is not None:
                    yield said
                    if said.ok is not None:
                        return
        except KeyboardInterrupt:
            self._stream.write(CTRL_C)
            raise

    def _line(self, until: float | None) -> bytes | None:
        """The next line; None when there is none by ``until``."""
        while b"\n" not in self._heard:
            if until is not None and time.monotonic() > until:
                return None
            self._heard += self._stream.read(AGAIN_S)
        line, _, rest = self._heard.partition(b"\n")
        self._heard = bytearray(rest)
        return bytes(line)


def _parsed(line: bytes) -> Said | None:
    try:
        said = msgspec.json.decode(line, type=Said)
    except msgspec.MsgspecError:
        return None
    said.raw = line.decode()
    return said


def interact(name: str, connect: Callable[[], ByteStream]) -> int:
    """This terminal on the glasses' console until Ctrl-]; a lost line is opened again. Raises DriverError."""
    stream: ByteStream | None = connect()
    print(f"{name} · Ctrl-] leaves", flush=True)
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    try:
        tty.setraw(keyboard)
        while True:
            if stream is None:
                stream = _again(connect)
                if stream is None:
                    if LEAVE in _typed(keyboard, AGAIN_S):
                        return 0
                    continue
            try:
                stream.write(CTRL_D)
                return _pass_on(stream, keyboard)
            except DeviceLostError:
                print("\r\nthe line is lost; waiting for it to come back\r", flush=True)
                stream.close()
                stream = None
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        if stream is not None:
            stream.close()
        print()


def _again(connect: Callable[[], ByteStream]) -> ByteStream | None:
    try:
        return connect()
    except DriverError:
        return None


def _pass_on(stream: ByteStream, keyboard: int) -> int:
    """Keys there, drawing here, until Ctrl-]. Raises DeviceLostError."""
    while True:
        heard = stream.read(0.02)
        if heard:
            os.write(sys.stdout.fileno(), heard)
        keys = _typed(keyboard, 0.0)
        if LEAVE in keys:
            return 0
        if keys:
            stream.write(keys)


def _typed(keyboard: int, wait_s: float) -> bytes:
    return os.read(keyboard, 1024) if select.select([keyboard], [], [], wait_s)[0] else b""
