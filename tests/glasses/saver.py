"""A wearer who snaps, saves and forgets without end, to be killed: ``python saver.py FOLDER``.

Prints what the HUD confirmed: "saved ID" or "forgot ID".
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.glasses.sim import Sim, play


async def story(sim: Sim) -> None:
    """Every third snap is forgotten again."""
    count = 0
    print("ready", flush=True)
    while True:
        count += 1
        await sim.snap()
        sim.world.press("touch", "hold")
        await sim.sleep(0.5)
        if sim.cards[-1].lines[-1].text != "Saved":
            continue
        newest = sim.glasses.store.snaps(1)[0].id
        print("saved", newest, flush=True)
        if count % 3 == 0:
            print("forgetting", newest, flush=True)
            sim.world.press("touch", "double_tap")
            await sim.sleep(0.5)
            if sim.cards[-1].lines[0].text == "Forgotten":
                print("forgot", newest, flush=True)


if __name__ == "__main__":
    play(story, data=Path(sys.argv[1]))
