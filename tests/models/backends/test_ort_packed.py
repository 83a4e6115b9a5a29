"""Packed weights: the same bits, made once, made anew when anything they depend on changed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from models.backends import ort_bound, ort_packed
from models.backends.ort_packed import FOLDER, Beside, packed
from models.base import BackendError
from models.qwen_vl.engine import Request, open_engine, run
from tools.bench import tiny_qwen
from tools.export.build import build


@pytest.fixture
def model(tmp_path: Path) -> Path:
    build(tiny_qwen.draw("qwen3_vl", 2, tmp_path / "checkpoint"), tmp_path / "model")
    return tmp_path / "model"


def pack(model: Path) -> Path:
    return packed(model / "decoder.onnx", model / "decoder.data", 1, least=0)


def said(model: Path) -> tuple[float, ...]:
    engine = open_engine(model)
    answer = run(engine.answer(Request(messages=[{"role": "user", "content": "hello"}], limit=8)))
    engine.close()
    return answer.logprobs


def test_small_weights_are_left_alone(model: Path) -> None:
    assert packed(model / "decoder.onnx", model / "decoder.data", 1) == model / "decoder.onnx"
    assert not (model / FOLDER).exists()


def test_a_packed_model_says_the_same(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = said(model)
    opened: list[Path] = []

    def small(graph: Path, weights: Path, threads: int, beside: Beside) -> Path:
        opened.append(packed(graph, weights, threads, least=0, beside=beside))
        return opened[-1]

    monkeypatch.setattr(ort_bound, "packed", small)
    assert said(model) == plain
    assert opened[0].parent.parent == model / FOLDER


def test_it_is_made_once(model: Path) -> None:
    first = pack(model)
    made = first.stat().st_mtime_ns
    assert pack(model) == first
    assert first.stat().st_mtime_ns == made


def test_it_is_made_anew_for_another_cpu_and_the_old_one_goes(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pack(model)
    monkeypatch.setattr(ort_packed, "_features", lambda: "flags : other")
    second = pack(model)
    assert second != first
    assert [path.name for path in (model / FOLDER).iterdir()] == [second.parent.name]


def test_one_that_was_cut_off_is_made_anew(model: Path) -> None:
    data = pack(model).with_suffix(".data")
    whole = data.stat().st_size
    os.truncate(data, whole // 2)
    assert pack(model).with_suffix(".data").stat().st_size == whole


def test_without_room_it_works_unpacked(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(ort_packed, "_save", full)
    assert pack(model) == model / "decoder.onnx"
    assert list((model / FOLDER).iterdir()) == []


def test_what_a_killed_process_left_goes(model: Path) -> None:
    half = model / FOLDER / ".making-old"
    half.mkdir(parents=True)
    os.utime(half, (0, 0))
    pack(model)
    assert not half.exists()


def test_a_graph_that_is_damaged_is_named(model: Path) -> None:
    (model / "decoder.onnx").write_bytes(b"nonsense")
    with pytest.raises(BackendError, match=r"decoder\.onnx can't be loaded"):
        pack(model)
    assert list((model / FOLDER).iterdir()) == []
