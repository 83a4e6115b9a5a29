"""Building a model on the glasses themselves: in a process of its own, so that HUD and captions keep their pace."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Sequence

from models.base import ModelError

PATIENCE_S = 30.0  # for an interrupted build to clear its half-made folder away


async def build(words: Sequence[str], say: Callable[[str], None]) -> None:
    """``browline models build WORDS…``, line by line to ``say``; ended in order when the waiting task is cancelled.

    Raises ModelError with what it said last when it fails.
    """
    command = ["nice", "-n", "15", sys.executable, "-m", "tools.cli", "models", "build", *words]
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    assert process.stdout is not None
    last = ""
    try:
        async for line in process.stdout:
            last = line.decode(errors="replace").strip().removeprefix("browline: ")
            say(last)
        if await process.wait():
            raise ModelError(f"nothing was built: {last or 'the build was killed, perhaps for its memory'}")
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
