"""The console as a part of the glasses: a byte stream at one end, the shell at the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Any

from drivers.serial.base import ByteStream
from runtime.console.glasses import Glasses

WAIT_S = 0.25  # how long a read may hold its thread
IDLE_S = 0.02


class ConsoleService:
    """Serves the stream that ``open_stream`` opens; an error of it goes up to the supervisor."""

    def __init__(self, glasses: Glasses, open_stream: Callable[[], ByteStream]) -> None:
        self._glasses, self._clock, self._open = glasses, glasses.clock, open_stream
        self._waiting = bytearray()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        stream = await self._clock.call("console", self._open)
        self._glasses.log.info("console is open", part="console", port=stream.name)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(stream))
                await self._read(stream, group)
        finally:
            await self._clock.call("console", stream.close)

    async def _read(self, stream: ByteStream, group: asyncio.TaskGroup) -> None:
        shell: Any = None
        while True:
            data = await self._clock.call("console", stream.read, WAIT_S)
            if data and shell is None:
                shell = await self._clock.call("console", _shell, self._glasses, self._send)
                group.create_task(shell.run())
            if data:
                shell.type(data)
            else:
                await self._clock.sleep(IDLE_S)

    async def _write(self, stream: ByteStream) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            data, self._waiting = bytes(self._waiting), bytearray()
            await self._clock.call("console out", stream.write, data)

    def _send(self, data: bytes) -> None:
        self._waiting += data
        self._news.set()


def _shell(glasses: Glasses, send: Callable[[bytes], None]) -> Any:
    """A shell; its imports (0.2 s) wait until somebody types, and never hold up the loop."""
    return import_module("runtime.console.shell").Shell(glasses, send)
