"""A shell on the whole glasses, asked as a program asks: in JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from runtime.console.shell import Shell
from tests.glasses.sim import Sim, play

T = TypeVar("T")


class Talk:
    """``ask`` gives the answer of one line; ``said`` is all that came."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.said = bytearray()
        self.shell = Shell(sim.glasses, self.said.extend)

    async def ask(self, line: str, patience_s: float = 30.0) -> dict[str, Any]:
        """Type ``line``, wait for its answer."""
        self.said.clear()
        self.shell.type(line.encode() + b"\r")
        for _ in range(round(patience_s / 0.05)):
            for heard in bytes(self.said).split(b"\n"):
                if heard.startswith(b"{") and "ok" in (answer := json.loads(heard)):
                    return dict(answer)
            await self.sim.sleep(0.05)
        raise AssertionError(f"no answer to {line!r}: {bytes(self.said)!r}")

    async def text(self, line: str) -> str:
        """The text of the answer to a line that must succeed."""
        answer = await self.ask(line)
        assert answer["ok"], answer
        return str(answer["text"])

    async def refused(self, line: str) -> str:
        """The text of the answer to a line that must fail."""
        answer = await self.ask(line)
        assert not answer["ok"], answer
        return str(answer["text"])


def talk(story: Callable[[Talk], Awaitable[T]], without: Sequence[str] = ()) -> T:
    """Run ``story`` on fresh glasses whose shell is in JSON mode; ``without`` names parts that they have not."""

    async def told(sim: Sim) -> T:
        one = Talk(sim)
        serving = asyncio.create_task(one.shell.run())
        await one.ask("json on")
        try:
            return await story(one)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return play(told, without=without)
