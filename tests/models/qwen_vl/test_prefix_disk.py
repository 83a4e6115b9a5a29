"""Preambles on disk: the same bits as reading them, never what was said, and a bad disk is no disk."""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.generate import Answer
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prefix_disk import FOLDER, LEAST, PrefixDisk
from tests.models.qwen_vl import conftest
from tests.models.qwen_vl.conftest import Built

SYSTEM = "You speak from a pair of glasses. " * 5
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
WITH_TOOLS = (
    "{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
SHAPE = msgspec.structs.replace(conftest.SHAPE, layers=2)


@pytest.fixture(params=["qwen3", "qwen2"])  # an int8 and a float32 cache
def model(built: Built, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(built(request.param, 2, "int8"), tmp_path / "model")
    return tmp_path / "model"


def question(text: str, system: str = SYSTEM, **rest: Any) -> Request:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return Request(messages=messages, limit=6, **rest)


def session(model: Path, *requests: Request) -> list[Answer]:
    """A start of the model, questions, and its end."""
    engine = open_engine(model)
    answers = [run(engine.answer(request)) for request in requests]
    engine.close()
    return answers


def stored(model: Path) -> list[Path]:
    return [file for file in (model / FOLDER).glob("*") if file.stat().st_size]


def test_a_preamble_that_comes_back_is_kept_and_is_the_same_bits_as_reading_it(model: Path) -> None:
    request = question("How many eggs are in a dozen?")
    first, again = session(model, request, request)
    assert (first.cached_tokens, again.cached_tokens) == (0, first.prompt_tokens - 1)
    assert not stored(model)  # one session only: what it was is not on the disk
    [second] = session(model, request)
    assert second.cached_tokens == 0
    assert len(stored(model)) == 1
    [third] = session(model, request)
    assert len(SYSTEM) < third.cached_tokens < third.prompt_tokens - len("How many eggs are in a dozen?")
    assert (third.tokens, third.logprobs) == (first.tokens, first.logprobs)


def test_the_logits_after_a_stored_preamble_are_the_same_bits(model: Path, tmp_path: Path) -> None:
    engine = open_engine(model)
    about, prompt = engine.folder.about, engine.prompt(question("Why?"))
    read, loaded = (KvCache(about.text, about.kv) for _ in range(2))
    feed(engine, read, prompt.items[: prompt.preamble])
    (tmp_path / "other").mkdir()
    for _ in range(2):
        disk = PrefixDisk(tmp_path / "other", "this build")
        disk.keep(read, prompt.preamble)
        disk.close()
    assert disk.load(prompt.items[: prompt.preamble], loaded)
    assert (loaded.items, loaded.next_position) == (read.items, read.next_position)
    rest = prompt.items[prompt.preamble :]
    assert feed(engine, loaded, rest).tobytes() == feed(engine, read, rest).tobytes()
    engine.close()


def feed(engine: Engine, cache: KvCache, items: list[int]) -> NDArray[np.float32]:
    positions = np.tile(np.arange(len(items)) + cache.length, (3, 1))
    return engine.machine.many.feed(
        cache, items, engine.machine.table.rows(items), positions, range(len(items))
    )


def test_tools_are_part_of_the_preamble(model: Path) -> None:
    (model / "chat_template.jinja").write_text(WITH_TOOLS)
    shutil.rmtree(model / FOLDER, ignore_errors=True)
    rewrite_sizes(model)
    for _ in range(2):
        session(model, question("Is it cold?", tools=TOOLS))
    [answer] = session(model, question("Is it warm?", tools=TOOLS))
    assert answer.cached_tokens > len(SYSTEM) + len('"function"')
    [other] = session(model, question("Is it warm?"))
    assert other.cached_tokens == 0


def rewrite_sizes(model: Path) -> None:
    """Say of the changed template what is true of it."""
    described = json.loads((model / "model.json").read_text())
    described["files"]["chat_template.jinja"]["bytes"] = (model / "chat_template.jinja").stat().st_size
    (model / "model.json").write_text(json.dumps(described))


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "q" * 300}],
        [
            {"role": "user", "content": "q" * 300},
            {"role": "assistant", "content": "z" * 90},
            {"role": "user", "content": "q"},
        ],
        [{"role": "system", "content": "Be short."}, {"role": "user", "content": "q" * 300}],
    ],
)
def test_what_was_said_is_never_stored(model: Path, messages: list[Mapping[str, Any]]) -> None:
    engine = open_engine(model)
    prompt = engine.prompt(Request(messages=messages))
    begin = engine.words.decode(prompt.items[: prompt.preamble])
    assert not {"q", "z"} & set(begin)
    engine.close()


def test_a_picture_is_no_part_of_a_preamble(built: Built) -> None:
    engine = open_engine(built("qwen3_vl", 2, "int8"))
    picture = {"type": "image", "image": np.zeros((40, 40, 3), np.uint8)}
    for role in ("system", "user"):  # even where a system prompt holds one
        messages: list[Mapping[str, Any]] = [
            {"role": role, "content": [picture, {"type": "text", "text": "x" * 50}]},
            {"role": "user", "content": "What is it?"},
        ]
        prompt = engine.prompt(Request(messages=messages))
        assert min(prompt.items[: prompt.preamble], default=0) >= 0
        assert prompt.preamble <= prompt.items.index(min(prompt.items))
    engine.close()


@pytest.mark.parametrize("damage", ["cut", "longer", "a bit", "foreign", "a folder"])
def test_a_file_that_is_not_what_it_should_be_is_removed_and_made_anew(model: Path, damage: str) -> None:
    first, _ = [session(model, question("Why?"))[0] for _ in range(2)]
    [file] = stored(model)
    data = bytearray(file.read_bytes())
    match damage:
        case "cut":
            file.write_bytes(data[:-1])
        case "longer":
            file.write_bytes(data + b"x")
        case "a bit":
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
        case "foreign":  # whole, but under another's name
            for _ in range(2):
                session(model, question("Why?", SYSTEM.replace("speak", "sang!")))
            [other] = [path for path in stored(model) if path != file]
            shutil.copy(other, file)
        case "a folder":
            file.unlink()
            file.mkdir()
    [answer] = session(model, question("Why?"))
    assert (answer.tokens, answer.logprobs, answer.cached_tokens) == (first.tokens, first.logprobs, 0)
    if damage != "a folder":
        _, after = [session(model, question("Why?"))[0] for _ in range(2)]
        assert after.cached_tokens > len(SYSTEM)
        assert after.logprobs == first.logprobs


def test_a_folder_that_cannot_be_made_is_done_without(model: Path) -> None:
    (model / FOLDER).write_text("in the way")
    answers = [session(model, question("Why?"))[0] for _ in range(3)]
    assert {answer.cached_tokens for answer in answers} == {0}
    assert len({answer.logprobs for answer in answers}) == 1


def filled(seed: int, length: int = 64) -> KvCache:
    rng = np.random.default_rng(seed)
    cache = KvCache(SHAPE, "int8")
    cache.extend([int(item) for item in rng.integers(0, 64, length)], np.tile(np.arange(length), (3, 1)))
    for array in cache.arrays(length).values():
        array[...] = rng.integers(-99, 99, array.shape)
    return cache


def keep(folder: Path, cache: KvCache, budget: int, build: str = "build") -> None:
    for _ in range(2):  # as two sessions
        disk = PrefixDisk(folder, build, budget)
        disk.keep(cache, cache.length)
        disk.close()


def load(folder: Path, cache: KvCache, build: str = "build") -> bool:
    return PrefixDisk(folder, build).load(cache.items, KvCache(SHAPE, "int8"))


def test_the_folder_keeps_within_its_budget_and_the_least_recently_used_goes(tmp_path: Path) -> None:
    caches = [filled(seed) for seed in range(5)]
    size = 32 + sum(array.nbytes for array in caches[0].arrays(64).values())
    budget = 3 * size
    for at, cache in enumerate(caches[:3]):
        keep(tmp_path, cache, budget)
        age(tmp_path, 100 - at)
    assert load(tmp_path, caches[0])  # so that it is not the least recently used
    keep(tmp_path, caches[3], budget)
    assert [load(tmp_path, cache) for cache in caches] == [True, False, True, True, False]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= budget
    keep(tmp_path, caches[4], size // 2)  # larger than all that may be
    assert not load(tmp_path, caches[4])


def age(folder: Path, seconds: int) -> None:
    """Let what was not aged yet be this old."""
    for file in folder.iterdir():
        about = file.stat()
        os.utime(file, (about.st_atime, about.st_mtime - seconds))


def test_another_build_has_its_own(tmp_path: Path) -> None:
    keep(tmp_path, filled(1), 1 << 20)
    assert load(tmp_path, filled(1))
    assert not load(tmp_path, filled(1), "another library")
    wider = KvCache(SHAPE, "float32")
    assert not PrefixDisk(tmp_path, "build").load(filled(1).items, wider)
    assert wider.length == 0


def test_a_short_beginning_is_not_worth_a_file(tmp_path: Path) -> None:
    keep(tmp_path, filled(1, LEAST - 1), 1 << 20)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_goes_and_what_another_is_making_stays(tmp_path: Path) -> None:
    for name, old in ((".making-dead", 7200), (".making-busy", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_bytes(b"half")
        mtime = (tmp_path / name).stat().st_mtime - old
        os.utime(tmp_path / name, (mtime, mtime))
    keep(tmp_path, filled(1), 1 << 20)
    assert {path.name for path in tmp_path.glob(".making-*")} == {".making-busy"}


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    keep(tmp_path, filled(1), 1 << 20)
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the kernel refuses what is beyond
        keep(tmp_path, filled(1), 1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.stat().st_size for file in tmp_path.iterdir()] == [0]
    assert not load(tmp_path, filled(1))
    keep(tmp_path, filled(1), 1 << 20)
    assert load(tmp_path, filled(1))


def test_several_at_once_see_whole_files_or_none(tmp_path: Path) -> None:
    caches = [filled(seed) for seed in range(4)]
    budget = 2 * 32 + 2 * sum(array.nbytes for array in caches[0].arrays(64).values())

    def use(seed: int) -> int:
        found = 0
        for at in np.random.default_rng(seed).integers(0, 4, 40):
            keep(tmp_path, caches[at], budget)
            got = KvCache(SHAPE, "int8")
            if PrefixDisk(tmp_path, "build").load(caches[at].items, got):
                assert all((a == b).all() for a, b in pairs(got, caches[at]))
                found += 1
        return found

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(use, range(3))) > 30
    assert not list(tmp_path.glob(".making-*"))


def pairs(one: KvCache, other: KvCache) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    return zip(one.arrays(64).values(), other.arrays(64).values(), strict=True)
