"""The process dies at any moment of a walk: route and progress are there again, and no maneuver is said anew."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.glasses.strolls import LEGS_M

ROOT = Path(__file__).parents[2]
LINES = 55  # of a whole walk, or so


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 26))])
def test_a_walk_with_two_kills_is_one_walk(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    cued: list[int] = []
    along_m = 0.0
    for life in range(3):
        lines = walk(tmp_path, life, along_m, None if life == 2 else dice.randint(1, LINES // 2))
        assert lines[0] == "following True"
        here = [int(line.split()[1]) for line in lines if line.startswith("cue")]
        # What was said in the moment of the kill may not be on the disk yet.
        assert not set(here) & set(cued[:-1])
        assert len(here) == len(set(here))
        cued += here
        along_m = max([along_m, *(float(line.split()[1]) for line in lines if line.startswith("at"))])
        with contextlib.closing(sqlite3.connect(tmp_path / "browline.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert cued == sorted(cued)
    assert {1, 2} <= set(cued)
    assert lines[-1].startswith("at") and any(line.startswith("arrived") for line in lines)
    assert along_m >= sum(LEGS_M) - 1


def walk(data: Path, life: int, along_m: float, most_lines: int | None) -> list[str]:
    """What was said from ``along_m`` on, until the process was killed after ``most_lines``; None: to the end."""
    command = [sys.executable, "-m", "tests.glasses.stroller", str(data), str(life), str(along_m)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
    ) as child:
        assert child.stdout is not None
        if most_lines is None:
            return child.stdout.read().splitlines()
        lines = [child.stdout.readline() for _ in range(most_lines)]
        child.kill()
        rest = child.stdout.read()
    return "".join([*lines, rest]).splitlines()
