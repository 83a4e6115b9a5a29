"""From the process's start to the first HUD frame, and memory over a hundred snaps, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools.bench.figures import Figure, median

ROOT = Path(__file__).resolve().parents[2]
RUNS = 7


def measure() -> Iterator[Figure]:
    """Seconds to the first frame (files cached), resident memory after 20 and after 100 snaps."""
    run("first_frame")
    yield Figure(
        "start to first HUD frame, median", median(run("first_frame") for _ in range(RUNS)), "s", 0.8
    )
    after = [float(word) for word in output("hundred_snaps").split()]
    yield Figure("RSS after 20 snaps", after[0], "MB")
    yield Figure("RSS after 100 snaps", after[1], "MB", 350)
    yield Figure("RSS growth from snap 20 to 100", after[1] - after[0], "MB", 10)


def run(probe: str) -> float:
    """Wall seconds until the probe's process says its first word."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "tools.bench.probes", probe], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = time.perf_counter() - start
        process.stdout.read()
    return seconds


def output(probe: str) -> str:
    """What the probe prints."""
    command = [sys.executable, "-m", "tools.bench.probes", probe]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
