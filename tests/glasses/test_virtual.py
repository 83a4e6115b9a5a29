"""The demo on virtual time: the same run each time, byte for byte."""

from __future__ import annotations

from pathlib import Path

from boards.load import load
from drivers.sim.scenario import FOLDER, load_scenario
from tools.simulator import play


def test_two_runs_show_the_same_pictures_and_log(tmp_path: Path) -> None:
    runs = [
        play(load("sim"), load_scenario(FOLDER / "shelf.toml"), tmp_path / name, 20.0) for name in ("a", "b")
    ]
    pictures = [[path.read_bytes() for path in run.pictures] for run in runs]
    assert len(pictures[0]) >= 5, "greeting, looking, a card, another, the next page"
    assert pictures[0] == pictures[1]
    assert runs[0].log == runs[1].log
