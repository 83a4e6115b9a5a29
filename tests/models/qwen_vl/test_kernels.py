"""Which kernels are used on this CPU, and the second packing that some of them want."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.backends.ort_packed import FOLDER
from models.qwen_vl import kernels, rows
from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.kernels import PROBES, RECORD, ROUNDS, Kernels, choose, recorded, spare_memory, told
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from tests.models.qwen_vl.conftest import Built
from tools.bench import tiny_qwen
from tools.export.build import build

PLENTY = 1 << 40
FAST = Kernels(many="unsigned")  # on every CPU exact


@pytest.fixture
def model(tmp_path: Path) -> Path:
    build(tiny_qwen.draw("qwen3", 3, tmp_path / "checkpoint"), tmp_path / "model", "int8")
    return tmp_path / "model"


def ticking(one_ms: int, blocks_ms: int, rows_ms: int) -> Callable[[], int]:
    """A timer on which a lone row takes ``one_ms`` with every kernel, and many what is said."""
    kinds = len(PROBES)
    spent = [one_ms] * kinds * ROUNDS + [blocks_ms, *[rows_ms] * (kinds - 1)] * ROUNDS
    reads = [0]
    for ms in spent:
        reads += [reads[-1], reads[-1] + ms * 1_000_000]
    return partial(next, iter(reads[1:]))


def measured(model: Path, blocks_ms: int, rows_ms: int, spare: int = PLENTY) -> Kernels:
    """The choice where 128 rows take these times."""
    return choose(ModelFolder(model), 1, ticking(1, blocks_ms, rows_ms), spare)


def logits(engine: Engine, tokens: list[int], cuts: list[int]) -> bytes:
    prompt, about = text_prompt(tokens), engine.folder.about
    cache = KvCache(about.text, about.kv, capacity=16)
    for start, stop in pairwise([0, *cuts, len(tokens)]):
        embedded = prompt.rows(engine.machine.table, start, stop)
        made = engine.machine.many.feed(cache, tokens[start:stop], embedded, prompt.positions[:, start:stop])
    return made.tobytes()


def test_a_second_packing_is_used_where_it_is_much_faster_and_fits(model: Path) -> None:
    assert measured(model, blocks_ms=10, rows_ms=5).many != "blocks"
    assert ModelFolder(model).about.by_rows


def test_it_is_not_worth_a_little(model: Path) -> None:
    assert measured(model, blocks_ms=10, rows_ms=9).many == "blocks"


def test_it_is_not_used_where_there_is_no_memory_for_it(model: Path) -> None:
    weights = ModelFolder(model).about.weights_bytes
    assert measured(model, 10, 5, spare=3 * weights - 1).many == "blocks"
    assert measured(model, 10, 5, spare=3 * weights).many != "blocks"


def test_what_was_measured_is_kept_until_the_model_or_the_cpu_changes(model: Path) -> None:
    measured(model, 10, 5)
    folder = ModelFolder(model)
    assert choose(folder, 1, None, PLENTY).many != "blocks"  # nothing is timed here
    found = recorded(folder)
    assert found is not None
    assert found.speeds["unsigned"].many_ms == 5
    other = msgspec.structs.replace(found, mark="another CPU")
    (model / FOLDER / RECORD).write_bytes(msgspec.json.encode(other))
    assert recorded(folder) is None


def test_what_was_measured_is_told(model: Path) -> None:
    assert told(ModelFolder(model)) == ""
    measured(model, 10, 5)
    assert "128: blocks 10.0, " in told(ModelFolder(model))
    assert "unsigned 5.0" in told(ModelFolder(model))


@pytest.mark.parametrize("text", ["", "{}", "[1", json.dumps({"mark": 1, "speeds": {}})])
def test_a_damaged_record_is_measured_anew(model: Path, text: str) -> None:
    measured(model, 10, 5)
    (model / FOLDER / RECORD).write_text(text)
    assert recorded(ModelFolder(model)) is None
    assert measured(model, 5, 10).many == "blocks"
    assert recorded(ModelFolder(model)) is not None


def test_without_a_timer_nothing_is_recorded_and_the_weights_stay_as_built(model: Path) -> None:
    for timer in (None, lambda: 5):  # on virtual time, it stands still
        assert choose(ModelFolder(model), 1, timer, PLENTY).many == "blocks"
        assert not (model / FOLDER / RECORD).exists()


def test_a_packing_whose_products_overflow_is_not_used(model: Path) -> None:
    measured(model, 10, 5)
    found = recorded(ModelFolder(model))
    assert found is not None
    broken = {
        kind: msgspec.structs.replace(
            speed, exact=kind != "signed", many_ms=1.0 if kind == "signed" else speed.many_ms
        )
        for kind, speed in found.speeds.items()
    }
    (model / FOLDER / RECORD).write_bytes(msgspec.json.encode(msgspec.structs.replace(found, speeds=broken)))
    assert choose(ModelFolder(model), 1, None, PLENTY).many == "unsigned"


def test_the_packing_that_is_used_here_adds_exactly(built: Built) -> None:
    folder = ModelFolder(built("qwen3", 3, "int8"))
    chosen = choose(folder, 1, ticking(4, 40, 10), PLENTY)
    tokens = [int(token) for token in np.random.default_rng(4).integers(0, 256, 61)]
    answers = set()
    for used in (FAST, chosen):
        engine = Engine(folder, kernels=used)
        answers.add(logits(engine, tokens, []))
        engine.close()
    assert len(answers) == 1


def test_a_float32_model_has_nothing_to_choose(built: Built) -> None:
    assert choose(ModelFolder(built("qwen3", 3, "none")), 1, None, PLENTY) == kernels.BUILT


@pytest.mark.parametrize("quant", ["int8", "int4"])
@pytest.mark.parametrize("family", ["qwen2", "qwen3", "qwen3_vl", "qwen3_5"])
def test_the_second_packing_says_nearly_the_same(built: Built, family: str, quant: str) -> None:
    folder = ModelFolder(built(family, 3, quant))
    plain, packed = Engine(folder), Engine(folder, kernels=FAST)
    tokens = [int(token) for token in np.random.default_rng(4).integers(0, 256, 61)]
    one, other = (np.frombuffer(logits(engine, tokens, []), np.float32) for engine in (plain, packed))
    # Both are a few per cent from float32; one that was packed wrongly is as far off as chance.
    assert np.sqrt(np.square(one - other).mean()) < 0.12 * one.std()
    assert not np.array_equal(one, other)
    assert not list(folder.path.glob("rows*.data*"))
    for engine in (plain, packed):
        engine.close()


@pytest.mark.parametrize("quant", ["int8", "int4"])
@pytest.mark.parametrize("family", ["qwen3", "qwen3_5"])
def test_with_it_too_the_logits_are_the_same_bits_however_a_prompt_is_cut(
    built: Built, family: str, quant: str
) -> None:
    engine = Engine(ModelFolder(built(family, 3, quant)), kernels=FAST)
    rng = np.random.default_rng(5)
    tokens = [int(token) for token in rng.integers(0, 256, 61)]
    cuts = [[], [1], [2, 3], [60], [13, 14, 31], *(sorted(rng.choice(60, 4, False) + 1) for _ in range(6))]
    assert len({logits(engine, tokens, [int(at) for at in some]) for some in cuts}) == 1
    engine.close()


@pytest.mark.parametrize("family", ["qwen3", "qwen3_5"])
def test_with_it_too_what_was_read_changes_nothing(built: Built, family: str) -> None:
    folder = ModelFolder(built(family, 3, "int8"))
    request = Request(messages=[{"role": "user", "content": "hello " * 20}], limit=12)
    engine = Engine(folder, kernels=FAST)
    first, again = run(engine.answer(request)), run(engine.answer(request))
    assert again.cached_tokens > 0
    assert again.tokens == first.tokens
    assert again.logprobs == first.logprobs
    engine.close()


@pytest.mark.parametrize("packing", ["signed", "unsigned"])
def test_a_layer_is_packed_with_its_outliers_apart(model: Path, packing: rows.Packing) -> None:
    folder = ModelFolder(model)
    tensors = rows.layout(folder.about, packing)
    layer = folder.about.by_rows["0.down"]
    with rows.derived(folder, packing):
        read = {
            part: np.array(np.memmap(model / stored.file, stored.dtype, "r", stored.offset, stored.shape))
            for part, stored in tensors.items()
            if part.startswith("0.down.")
        }
    whole = rows.blocks_as_float(folder, "0.down", layer.inputs)
    made = (
        (read["0.down.w8"].astype(np.float32) - (128 if packing == "unsigned" else 0)) * read["0.down.ws"]
    ).T
    made[:, list(layer.outliers)] = read["0.down.wo"].T
    assert np.abs(made - whole).max() <= read["0.down.ws"].max() / 2 * 1.001
    assert np.array_equal(made[:, list(layer.outliers)], whole[:, list(layer.outliers)])


def test_where_it_can_not_be_written_the_weights_stay_as_built(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rows, "_write", full)
    engine = Engine(ModelFolder(built("qwen3", 3, "int8")), kernels=FAST)
    assert engine.machine.many is engine.machine.one
    engine.close()


def test_in_a_folder_that_can_not_be_written_only_the_blocks_are_measured(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(rows, "_write", refused)
    assert measured(model, 10, 5).many == "blocks"
    assert not (model / FOLDER / RECORD).exists()


def test_the_kernels_are_measured_when_a_model_is_opened(model: Path) -> None:
    engine = open_engine(
        model,
        now_ns=ticking(4, 40, 10),
        spare_bytes=PLENTY,
    )
    assert engine.machine.many is not engine.machine.one
    engine.close()


@pytest.mark.parametrize(
    ("text", "free"),
    [("MemTotal: 9 kB\nMemAvailable:    2048 kB\n", 2 << 20), ("MemTotal: 9 kB\n", 0), ("?", 0)],
)
def test_free_memory_is_as_the_kernel_tells(tmp_path: Path, text: str, free: int) -> None:
    (tmp_path / "meminfo").write_text(text)
    assert spare_memory(tmp_path / "meminfo") == free
    assert spare_memory(tmp_path / "none") == 0
