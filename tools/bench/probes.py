"""Small programs that ``startup`` measures from outside: ``python -m tools.bench.probes NAME``."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import msgspec

from boards.load import load
from drivers.sim.scenario import FOLDER, Step, load_scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.core.clock import Clock, RealClock
from runtime.core.messages import Card
from runtime.core.topics import CARD, SHOWN

SETTLED, ALL = 20, 100


def make(clock: Clock, data: Path, steps: tuple[Step, ...] = ()) -> Glasses:
    """The sim board's glasses on real time before the shelf; nobody but the bench acts, now or by ``steps``."""
    from drivers.camera.decode import load_picture

    shelf = msgspec.structs.replace(load_scenario(FOLDER / "shelf.toml"), steps=steps)
    world = World(clock, shelf, load_picture)
    return Glasses(load("sim"), clock, Options(data=data, environ=os.environ, console=False), world)


async def first_frame(glasses: Glasses) -> None:
    """Say a word when the panel took its first picture."""
    with glasses.bus.subscribe(SHOWN) as shown:
        await shown.get()
    sys.stdout.write("x")
    sys.stdout.flush()


async def hundred_snaps(glasses: Glasses) -> None:
    """Print resident megabytes after 20 and after 100 snaps."""
    await loaded(glasses)
    for count in range(1, ALL + 1):
        await snap(glasses)
        if count in (SETTLED, ALL):
            print(resident_mb(), flush=True)


async def loaded(glasses: Glasses) -> None:
    """Wait until both readers are there."""
    while glasses.readers.codes() is None:
        await glasses.clock.sleep(0.05)
    await glasses.clock.sleep(0.2)


async def snap(glasses: Glasses) -> Card:
    """Press the shutter and wait for the card with what was read."""
    assert glasses.world is not None
    with glasses.bus.subscribe(CARD) as cards:
        glasses.world.press("shutter")
        async for card in cards:
            if isinstance(card, Card) and card.key == "snap" and len(card.lines) > 1:
                return card
    raise EOFError("the bus was closed")


def resident_mb() -> float:
    """This process's resident memory in MB (man proc_pid_statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def main(name: str) -> None:
    """Run the glasses with one probe beside them."""
    clock = RealClock()
    with tempfile.TemporaryDirectory() as data:
        glasses = make(clock, Path(data))
        probe = {"first_frame": first_frame, "hundred_snaps": hundred_snaps}[name]
        waiting = asyncio.ensure_future(probe(glasses))
        running = asyncio.ensure_future(glasses.run())
        await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await waiting
        clock.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
