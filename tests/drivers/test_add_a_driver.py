"""README, "Add your own: a driver", followed word by word."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from boards.load import FOLDER, load
from drivers.base import ConfigError
from drivers.factory import DRIVERS, BuildContext, build
from runtime.core.clock import VirtualClock

DRIVER = """
from drivers.base import BatteryState

class CoinCell:
    def __init__(self, clock): self.clock = clock
    @classmethod
    def from_board(cls, part, context): return cls(context.clock)
    def open(self): pass
    def close(self): pass
    def read(self): return BatteryState(self.clock.now_ns(), 0.25, 2.9, None, None)
"""


def test_a_class_and_one_row_make_a_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", readme)
    assert (
        "Write a class with `open`, `close`, what its protocol in `drivers/base.py` asks for, and `from_board"
        in text
    )
    assert (
        'Add one row, `"maker,chip": "drivers.folder.file:Class"`, to `DRIVERS` in `drivers/factory.py`'
        in text
    )

    (tmp_path / "coincell.py").write_text(DRIVER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(DRIVERS, "acme,coin-cell", "coincell:CoinCell")
    board = load(
        "rock5b", settings=["battery.compatible=acme,coin-cell", "display.compatible=browline,png-panel"]
    )
    parts = build(BuildContext(board, VirtualClock()))
    assert parts.battery is not None
    parts.battery.open()
    assert parts.battery.read().charge == 0.25
    sys.modules.pop("coincell")


def test_without_its_row_the_error_lists_the_drivers() -> None:
    board = load(
        "rock5b", settings=["battery.compatible=acme,coin-cell", "display.compatible=browline,png-panel"]
    )
    with pytest.raises(
        ConfigError, match=r"no driver is called 'acme,coin-cell'; there are: .*maxim,max17048"
    ):
        build(BuildContext(board, VirtualClock()))
