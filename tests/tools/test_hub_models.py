"""The hub's models by short names: the data, what they weigh, what the listing and a build make of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from boards import load as boards
from models.base import ManifestError, ModelMemoryError
from models.language import memory_of
from tools import source
from tools.bench import tiny_qwen
from tools.cli import main
from tools.export.sizes import shapes_of, weights_bytes
from tools.hub_models import QUANTS, check_room, holders, list_hub_models, rooms

# Issue of the project: what the store knows by name.
WANTED = {
    "qwen3-vl-2b", "qwen3-vl-4b", "qwen2.5-vl-3b", "qwen3-0.6b", "qwen3-1.7b", "qwen3.5-0.8b",
    "qwen2.5-0.5b", "qwen2.5-1.5b", "deepseek-r1-1.5b",
}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


def test_every_model_has_what_the_listing_tells() -> None:
    known = list_hub_models()
    assert set(known) == WANTED
    for model in known.values():
        assert model.licence
        assert model.repository.count("/") == 1
        if model.config is not None:
            shapes_of(model.config)  # it can be built
    assert known["qwen2.5-vl-3b"].licence == "Qwen-Research"


@pytest.mark.parametrize(
    ("name", "published_gb"),
    # What the hub's file listings say of the safetensors together.
    [("qwen3-0.6b", 1.50), ("qwen2.5-0.5b", 0.988), ("qwen2.5-1.5b", 3.09), ("qwen3-vl-2b", 4.26)],
)
def test_the_download_is_as_large_as_the_published_files(name: str, published_gb: float) -> None:
    weight = list_hub_models()[name].weight()
    assert weight is not None
    assert weight.download / 1e9 == pytest.approx(published_gb, rel=0.01)


def test_memory_follows_the_quantisation() -> None:
    weight = list_hub_models()["qwen3-0.6b"].weight()
    assert weight is not None
    text, vision = shapes_of(list_hub_models()["qwen3-0.6b"].config or {})
    assert weight.memory_mb["int8"] == memory_of(weights_bytes(text, vision, "int8"))
    assert weight.memory_mb["int4"] < weight.memory_mb["int8"] < weight.memory_mb["none"]


def test_a_board_holds_what_fits_beside_what_is_always_loaded() -> None:
    for name, room in rooms().items():
        assert 0 < room < boards.load(name).compute.model_memory_mb
        assert name in holders(room)
        assert name not in holders(room + 1)


def test_what_a_board_cannot_hold_is_refused_with_what_it_could() -> None:
    room = rooms()["rock5b"]
    check_room("x", "int8", {"int8": room, "int4": 1, "none": room + 1}, "rock5b")
    with pytest.raises(ModelMemoryError, match=rf"has {room} MB for it: --quant int4 would fit \(99 MB\)"):
        check_room("x", "int8", {"int8": room + 1, "int4": 99, "none": room + 2}, "rock5b")
    with pytest.raises(
        ModelMemoryError, match=r"smaller model, of the hub's as int8: qwen2.5-0.5b \(\d+ MB\)"
    ):
        check_room("x", "int4", dict.fromkeys(QUANTS, room + 1), "rock5b")


def test_short_names_revisions_and_paths_are_told_apart(tmp_path: Path) -> None:
    short = source.find("qwen3-0.6b")
    assert (short.plain, short.repository) == ("qwen3-0.6b", "Qwen/Qwen3-0.6B")
    assert source.find("qwen3-0.6b@main").repository == "Qwen/Qwen3-0.6B@main"
    assert source.find("Qwen/Qwen3-0.6B@v1").plain == "Qwen3-0.6B-v1"
    (tmp_path / "qwen3-0.6b").mkdir()
    assert source.find("qwen3-0.6b").repository == ""  # a folder that is here


def test_damaged_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[[models]]\nname = 'x'\n")
    with pytest.raises(ManifestError, match=r"x\.toml: .*repository"):
        list_hub_models(tmp_path / "x.toml")


def test_the_listing_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert "1.5" in rows["qwen3-0.6b"]
    assert "int8: jetson_orin_nano · int4: orangepi5, rock5b" in rows["qwen3-vl-2b"]
    assert rows["qwen3-vl-4b"].endswith("none")
    assert "size unknown until fetched" in rows["qwen3.5-0.8b"]


def test_the_listing_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = tiny_qwen.draw("qwen3", 2, tmp_path / "tiny")
    assert main(["models", "build", str(checkpoint)]) == 0
    capsys.readouterr()
    assert main(["models", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {model["name"] for model in told["hub"]} == WANTED
    [built] = told["built"]
    assert (built["name"], built["quant"], built["source"]) == ("tiny-int8", "int8", "tiny")
    by_name = {model["name"]: model for model in told["hub"]}
    assert by_name["qwen3-0.6b"]["boards"]["int8"] == ["jetson_orin_nano", "orangepi5", "rock5b", "sim"]
    assert by_name["qwen3.5-0.8b"]["memory_mb"] is None
    assert {"ppocrv6-tiny", "silero-vad"} <= {model["name"] for model in told["models"]}


def test_a_build_for_a_board_that_cannot_hold_it_fetches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "build", "qwen3-vl-4b", "--board", "rock5b"]) == 1
    told = capsys.readouterr().err
    assert "qwen3-vl-4b as int8 needs" in told
    assert "fetching" not in told


def test_a_checkpoint_of_ones_own_is_held_against_the_board_too(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tiny_qwen.draw("qwen3", 2, tmp_path / "tiny")
    assert main(["models", "build", str(checkpoint), "--board", "rock5b"]) == 0
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 90_000}))
    assert main(["models", "build", str(checkpoint), "--board", "rock5b", "--name", "huge"]) == 1
    assert "tiny as int8 needs" in capsys.readouterr().err
    assert [path.name for path in (cache / "built").iterdir()] == ["tiny-int8"]
