"""Ten virtual minutes of the demo scenario, twice: how long it takes, and whether both runs are the same."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from boards.load import load
from tools.bench.figures import Figure
from tools.simulator import choose_scenario, play

MINUTES = 10


def measure() -> Iterator[Figure]:
    """Seconds of real time for the faster run, and whether pictures and log agree byte for byte."""
    runs = [run() for _ in range(2)]
    yield Figure("ten virtual minutes", min(seconds for seconds, _, _ in runs), "s", 5.0)
    yield Figure("HUD pictures", runs[0][2], "")
    yield Figure("both runs identical byte for byte", runs[0][1] == runs[1][1], "", 1, "more")


def run() -> tuple[float, str, int]:
    """Real seconds, a digest of pictures and log, and the number of pictures."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        played = play(load("sim"), choose_scenario(None, None), Path(folder), MINUTES * 60)
        seconds = time.perf_counter() - start
        digest = hashlib.sha256("\n".join(played.log).encode())
        for path in played.pictures:
            digest.update(path.read_bytes())
        return seconds, digest.hexdigest(), len(played.pictures)
