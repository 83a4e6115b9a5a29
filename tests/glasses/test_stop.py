"""systemd stops the glasses: everything is switched off in order, and the light with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import asyncio, signal, sys
from pathlib import Path
from boards.load import load
from drivers.camera.decode import load_picture
from drivers.sim.world import World
from runtime.app import Glasses, Options, end, run_until_stopped
from runtime.core.clock import RealClock
from tests.glasses.sim import STILL

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
clock = RealClock()
options = Options(Path(sys.argv[1]), {}, console=False)
glasses = Glasses(load("sim"), clock, options, World(clock, STILL, load_picture))

async def main():
    running = asyncio.create_task(glasses.run())
    while "light" not in [part.name for part in glasses.supervisor.status()]:
        await asyncio.sleep(0.01)
    await clock.call("light", glasses.parts.camera.open)  # its thread has opened the light before
    print("lit" if glasses.parts.light.is_on() else "dark", flush=True)
    await running

run_until_stopped(main())
end(glasses, clock)
print("off" if not glasses.parts.light.is_on() else "ON", [p.state for p in glasses.supervisor.status()], flush=True)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_stop_switches_everything_off(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "lit\n"
        child.send_signal(number)
        said, wrong = child.communicate(timeout=60)
    assert child.returncode == 0, wrong
    assert said.splitlines()[-1].startswith("off ['stopped'")
