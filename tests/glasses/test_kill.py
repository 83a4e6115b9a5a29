"""The process dies at any moment: what the HUD called saved is there, what it called forgotten is gone."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


FOUR_TIMES_FIFTY = [pytest.param(50, seed, marks=pytest.mark.slow) for seed in range(4)]


@pytest.mark.parametrize(("moments", "seed"), [(4, 4), *FOUR_TIMES_FIFTY])
def test_nothing_the_wearer_was_told_is_lost_to_a_kill(tmp_path: Path, moments: int, seed: int) -> None:
    dice = random.Random(seed)
    saved: set[int] = set()
    doubtful: set[int] = set()
    for _ in range(moments):
        for line in killed_after(dice.randint(0, 4), dice.uniform(0.0, 0.2), tmp_path):
            word, _, number = line.partition(" ")
            if word == "saved":
                saved.add(int(number))
            elif word == "forgetting":
                doubtful.add(int(number))
            elif word == "forgot":
                saved.discard(int(number))
        with contextlib.closing(sqlite3.connect(tmp_path / "browline.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            there = {row[0] for row in db.execute("SELECT id FROM snaps")}
        assert saved - there <= doubtful, "a snap that was called saved is missing"
        saved &= there
    assert len(saved) >= moments / 4


def killed_after(words: int, seconds: float, data: Path) -> list[str]:
    """What the wearer was told until the process was killed, so many ``seconds`` after so many ``words``."""
    command = [sys.executable, "-m", "tests.glasses.saver", str(data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        told = [child.stdout.readline() for _ in range(words)]
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        rest = child.stdout.read()
        timer.join()
    return "".join([*told, rest]).splitlines()
