"""Builds in a process of their own, in real time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from models.base import ModelError
from runtime.core.clock import RealClock
from tools import on_device
from tools.bench import tiny_qwen


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWLINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def made(cache: Path) -> list[str]:
    """Hidden folders too."""
    return [path.name for path in cache.glob("built/*")]


async def test_a_model_is_built_and_what_happens_is_told(cache: Path, tmp_path: Path) -> None:
    checkpoint = tiny_qwen.draw("qwen3", 2, tmp_path / "tiny")
    said: list[str] = []
    await on_device.build([str(checkpoint), "--board", "sim"], said.append)
    assert said[0].startswith("tiny-int8 ") or said[1].startswith("tiny-int8 ")
    assert made(cache) == ["tiny-int8"]


async def test_what_went_wrong_is_the_error(cache: Path) -> None:
    with pytest.raises(ModelError, match="nothing was built: /nowhere is not there"):
        await on_device.build(["/nowhere"], lambda _line: None)
    assert made(cache) == []


async def test_giving_up_ends_the_process_and_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    checkpoint = tiny_qwen.draw("qwen2_5_vl", 2, tmp_path / "tiny")
    clock = RealClock()
    task = asyncio.ensure_future(on_device.build([str(checkpoint)], lambda _line: None))
    async with asyncio.timeout(60):
        while not made(cache):
            assert not task.done()
            await clock.sleep(0.01)
    assert made(cache) == [".tiny-int8.building"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert made(cache) == []
