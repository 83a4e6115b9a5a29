"""A wearer on the short route, to be killed: ``python stroller.py FOLDER LIFE ALONG_M``.

Prints "at METRES" and "cue MANEUVER" as they come, and "arrived"; ALONG_M is where the wearer is when it starts. The
route is loaded in LIFE 0.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from drivers.sim.outing import Outing, noise_of
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.topics import GUIDANCE
from runtime.features.navigate.kept import read_journey
from tests.glasses.strolls import LEGS_M, SPEED_MPS, Stroll, rest_of_the_way, tell

STANDS_S = 6.0  # the receiver's first fixes after a start
AFTER_S = 40.0  # at the end


def main(folder: Path, life: int, along_m: float) -> None:
    """Walk to the end, then print how the journey was kept."""
    clock = VirtualClock()
    outing = Outing(
        points=rest_of_the_way(along_m), speed_mps=SPEED_MPS, starts_s=STANDS_S, noise=noise_of(1.5)
    )
    one = Stroll(folder, clock, outing.noise, outing=outing, fresh=life == 0)
    one.glasses.bus.tap(GUIDANCE, lambda told: _say(told.event, told.maneuver))
    print("following", read_journey(one.glasses.store).on, flush=True)

    async def script(one: Stroll) -> None:
        while "arrived" not in one.events and one.now_s < STANDS_S + sum(LEGS_M) / SPEED_MPS + AFTER_S:
            await one.clock.sleep(0.5)
            await asyncio.sleep(0)
            walked = max(0.0, one.now_s - STANDS_S) * SPEED_MPS
            print("at", round(min(along_m + walked, sum(LEGS_M)), 1), flush=True)

    run_virtual(clock, tell(one, script))


def _say(event: str, maneuver: int) -> None:
    if event in ("cue", "arrived"):
        print(event, maneuver, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
