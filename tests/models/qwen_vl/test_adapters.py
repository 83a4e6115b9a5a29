"""Adapters at run time: switched, interleaved, replaced, damaged; what one reads is nobody else's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.backends.ort_bound import BoundSession
from models.backends.ort_packed import packed_like
from models.base import ManifestError
from models.qwen_vl.adapter import DATA, DESCRIPTION, FOLDER, GRAPH, remove_adapter
from models.qwen_vl.decoder import Decoder
from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.folder import Quant
from models.qwen_vl.generate import Answer, Steps
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from tools.bench import tiny_qwen
from tools.export.adapter import keep_adapter
from tools.export.build import build


def with_two(place: Path, family: str, quant: Quant, rank: int = 4) -> Path:
    """A model with the adapters "odd" and "even", which change different layers."""
    base = tiny_qwen.draw(family, 3, place / "base")
    build(base, place / "model", quant)
    for seed, name in ((1, "odd"), (2, "even")):
        keep_adapter(place / "model", tiny_qwen.draw_adapter(base, seed, place / name, rank), name)
    return place / "model"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_two(tmp_path_factory.mktemp("adapters"), "qwen3", "int8")


@pytest.fixture
def own(model: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(model, tmp_path / "model"))


@pytest.fixture
def engine(model: Path) -> Iterator[Engine]:
    made = open_engine(model)
    yield made
    made.close()


def ask(adapter: str, text: str = "tell me of the sea, and of ships") -> Request:
    return Request(messages=({"role": "user", "content": text},), limit=24, adapter=adapter)


def answers(engine: Engine, *adapters: str) -> list[Answer]:
    return [run(engine.answer(ask(adapter))) for adapter in adapters]


def test_switching_back_and_forth_gives_the_same_bits(engine: Engine) -> None:
    names = ("", "odd", "even", "", "even", "odd", "odd", "")
    said: dict[str, set[tuple[float, ...]]] = {name: set() for name in names}
    for name, answer in zip(names, answers(engine, *names), strict=True):
        said[name].add(answer.logprobs)
    assert [len(logprobs) for logprobs in said.values()] == [1, 1, 1]
    assert len(set.union(*said.values())) == 3
    assert engine.adapters() == ["even", "odd"]


def test_without_an_adapter_nothing_of_it_is_opened(engine: Engine) -> None:
    answers(engine, "")
    assert engine._adapters._session is None
    answers(engine, "odd")
    assert engine._adapters._session is not None


def test_what_one_has_read_is_not_taken_for_another(engine: Engine) -> None:
    first, odd, even, again, plain = answers(engine, "", "odd", "even", "odd", "")
    assert first.cached_tokens == odd.cached_tokens == even.cached_tokens == 0
    assert again.cached_tokens == plain.cached_tokens == first.prompt_tokens - 1


def test_conversations_that_go_on_in_turns_do_not_disturb_each_other(model: Path, engine: Engine) -> None:
    names = ("odd", "", "even", "odd")
    alone = []
    for name in names:
        single = open_engine(model)
        alone += answers(single, name)
        single.close()
    loops: dict[int, Steps] = {i: engine.answer(ask(name)) for i, name in enumerate(names)}
    ended: dict[int, Answer] = {}
    while loops:
        for i in list(loops):
            try:
                next(loops[i])
            except StopIteration as end:
                ended[i] = end.value
                del loops[i]
    assert [ended[i].logprobs for i in range(len(names))] == [answer.logprobs for answer in alone]


@pytest.mark.parametrize("rank", [2, 30])
@pytest.mark.parametrize(("family", "quant"), [("qwen2", "none"), ("qwen3", "int8")])
def test_the_logits_are_the_same_bits_however_a_prompt_is_cut(
    tmp_path: Path, family: str, quant: Quant, rank: int
) -> None:
    engine = open_engine(with_two(tmp_path, family, quant, rank))
    rng = np.random.default_rng(5)
    tokens = [int(token) for token in rng.integers(0, 256, 61)]
    prompt, about = text_prompt(tokens), engine.folder.about
    for name in engine.adapters():
        found, made = engine._adapters.get(name), set()
        assert found is not None
        for cuts in ([], [1], [60], [13, 14, 31], list(range(1, 61)), sorted(rng.choice(60, 4, False) + 1)):
            cache = KvCache(about.text, about.kv, capacity=16)
            for start, stop in pairwise([0, *map(int, cuts), 61]):
                rows = prompt.rows(engine.machine.table, start, stop)
                logits = found.decoder.feed(cache, tokens[start:stop], rows, prompt.positions[:, start:stop])
            made.add(logits.tobytes())
        assert len(made) == 1
    engine.close()


def test_packed_weights_serve_both_graphs(own: Path) -> None:
    engine = open_engine(own)
    found = engine._adapters.get("odd")
    assert found is not None
    weights = own / "decoder.data"
    twin = packed_like(own / GRAPH, own / "decoder.onnx", weights, 1, least=0)
    assert [path.name for path in twin.parent.glob("*.data")] == ["decoder.data"]
    assert packed_like(own / GRAPH, own / "decoder.onnx", weights, 1, least=0) == twin
    shared = Decoder(BoundSession(twin), engine.folder.about.text, held=found.decoder._held)
    tokens = list(range(40))
    prompt, about = text_prompt(tokens), engine.folder.about
    rows = prompt.rows(engine.machine.table, 0, 40)
    made = {
        decoder.feed(KvCache(about.text, about.kv), tokens, rows, prompt.positions).tobytes()
        for decoder in (shared, found.decoder)
    }
    assert len(made) == 1
    engine.close()


def test_an_adapter_that_is_replaced_is_read_anew(own: Path) -> None:
    engine = open_engine(own)
    [old, other] = answers(engine, "odd", "even")
    shutil.rmtree(own / FOLDER / "odd")
    renamed = own / FOLDER / "odd"
    shutil.copytree(own / FOLDER / "even", renamed)
    text = (renamed / DESCRIPTION).read_text()
    (renamed / DESCRIPTION).write_text(text.replace('"name": "even"', '"name": "odd"'))
    [new] = answers(engine, "odd")
    assert new.logprobs == other.logprobs != old.logprobs
    remove_adapter(own, "odd")
    with pytest.raises(ManifestError, match="there are: even"):
        engine.answer(ask("odd"))
    remove_adapter(own, "even")
    with pytest.raises(ManifestError, match="models adapter"):
        engine.answer(ask("even"))
    with pytest.raises(ManifestError, match="no adapter 'even'"):
        remove_adapter(own, "even")
    engine.close()


@pytest.mark.parametrize("name", ["nobody", "../odd", ".odd", "odd/", "odd\0"])
def test_a_name_that_is_not_there_is_said(engine: Engine, name: str) -> None:
    with pytest.raises(ManifestError, match="there are: even, odd"):
        engine.answer(ask(name))


def test_a_damaged_adapter_is_named_and_the_model_goes_on(own: Path) -> None:
    engine = open_engine(own)
    data, about = (own / FOLDER / "odd" / name for name in (DATA, DESCRIPTION))
    whole, described = data.read_bytes(), about.read_text()

    def refused(message: str) -> None:
        with pytest.raises(ManifestError, match=message):
            engine.answer(ask("odd"))
        assert answers(engine, "", "even")
        data.write_bytes(whole)
        about.write_text(described)

    data.write_bytes(whole[:-4096])
    refused("adapter.data is missing, cut off or has changed: run `browline models adapter")
    data.write_bytes(whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:])
    refused("has changed")
    data.unlink()
    refused("is missing")
    about.write_text(described[:100])
    refused("adapter.json")
    about.write_text(described.replace('"format": 1', '"format": 9'))
    refused("of format 9")
    engine.close()


def test_an_adapter_of_another_build_is_refused(own: Path, tmp_path: Path) -> None:
    other = with_two(tmp_path / "other", "qwen3", "int4")
    shutil.copytree(other / FOLDER / "odd", own / FOLDER / "stray")
    engine = open_engine(own)
    with pytest.raises(ManifestError, match="made for another build"):
        engine.answer(ask("stray"))
    engine.close()


def test_closing_frees_them(model: Path) -> None:
    engine = open_engine(model)
    loop = engine.answer(ask("odd"))
    next(loop)
    engine.close()
    with pytest.raises(Exception, match="was unloaded"):
        run(loop)


def test_a_preamble_on_disk_is_its_readers_own(own: Path) -> None:
    def session(adapter: str) -> int:
        engine = open_engine(own)
        told = Request(
            messages=(
                {"role": "system", "content": "you speak of the sea, of ships and of whales " * 3},
                {"role": "user", "content": "hello"},
            ),
            limit=4,
            adapter=adapter,
        )
        answer = run(engine.answer(told))
        engine.close()
        return answer.cached_tokens

    assert [session("") for _ in range(3)][:2] == [0, 0]
    assert session("") > 0  # met twice, it was kept
    assert session("odd") == 0
