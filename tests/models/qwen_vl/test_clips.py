"""Clips in a question: as the reference reads them, and what is around that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from models.qwen_vl.clips import clip_of, clip_size, stamps, times
from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.folder import DESCRIPTION
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.pixels import PictureError
from models.qwen_vl.prompt import PromptError
from models.qwen_vl.shape import ClipShape, VisionShape
from models.qwen_vl.turns import View
from tests.models.qwen_vl.conftest import Built
from tests.models.qwen_vl.make_reference import FILMED, FOLDER, filmed
from tools.bench.tiny_vision import logits


@pytest.fixture(params=["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(built: Built, family: str) -> Iterator[Engine]:
    made = open_engine(built(family, 2, "int8"))
    yield made
    made.close()


def noise(count: int, height: int = 24, width: int = 36, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def about(video: object, text: str = "What happens?", **rest: object) -> dict[str, Any]:
    clip = {"type": "video", "video": video, "fps": 2.0} | rest
    return {"role": "user", "content": [clip, {"type": "text", "text": text}]}


def ask(*messages: dict[str, Any], **rest: Any) -> Request:
    return Request(messages=messages, **{"limit": 12} | rest)


@pytest.mark.parametrize(("family", "seed"), FILMED)
def test_it_answers_as_the_reference_does(built: Built, family: str, seed: int) -> None:
    wanted = np.load(FOLDER / f"{family}-{seed}-clip.npz")
    engine = open_engine(built(family, seed, "none"))
    engine.machine = msgspec.structs.replace(engine.machine, stops=frozenset())
    prompt = filmed(engine, family, seed).prompt
    error = np.abs(logits(engine, prompt) - wanted["logits"]).max() / np.abs(wanted["logits"]).max()
    assert error < 1e-4
    answer = run(engine.complete(prompt, Request(messages=(), limit=64)))
    assert list(answer.tokens) == wanted["greedy"].tolist()
    engine.close()


@pytest.mark.parametrize("quant", ["none", "int8"])
def test_the_logits_are_the_same_bits_however_a_prompt_with_clips_is_cut(
    built: Built, family: str, quant: str
) -> None:
    engine = open_engine(built(family, 2, quant))
    prompt = filmed(engine, family, 2).prompt
    count, answers, table = len(prompt.items), set(), engine.machine.table
    for cuts in ([], [1], [13, 20, 29], [count - 1]):
        cache = KvCache(engine.folder.about.text, engine.folder.about.kv, capacity=16)
        for start, stop in pairwise([0, *cuts, count]):
            where, deep = prompt.positions[:, start:stop], prompt.deep(start, stop)
            rows = prompt.rows(table, start, stop)
            made = engine.machine.many.feed(cache, prompt.items[start:stop], rows, where, deepstack=deep)
        answers.add(made.tobytes())
    assert len(answers) == 1
    engine.close()


def test_one_frame_is_a_still_in_what_is_seen(engine: Engine) -> None:
    frame = noise(1)
    shape = engine.folder.about.vision
    assert shape is not None
    moving = engine.prompt(ask(about(frame))).picture
    still = {"type": "image", "image": frame[0]}
    seen = engine.prompt(ask({"role": "user", "content": [still]})).picture
    assert moving is not None
    assert seen is not None
    assert np.array_equal(moving.rows, seen.rows)


def test_the_last_of_an_odd_number_of_frames_is_shown_twice(engine: Engine) -> None:
    video = noise(3)
    odd = engine.prompt(ask(about(video))).picture
    even = engine.prompt(ask(about(np.concatenate([video, video[-1:]])))).picture
    assert odd is not None
    assert even is not None
    assert np.array_equal(odd.rows, even.rows)


def test_a_follow_up_on_the_same_clip_reads_only_what_is_new(engine: Engine) -> None:
    first = run(engine.answer(ask(about(noise(6)))))
    turns = (
        about(noise(6)),
        {"role": "assistant", "content": "A thing."},
        {"role": "user", "content": "Whose?"},
    )
    second = run(engine.answer(ask(*turns)))
    assert second.cached_tokens >= first.prompt_tokens - len("assistant\n") - 3
    engine.forget()
    assert run(engine.answer(ask(*turns))).logprobs == second.logprobs


def test_what_was_read_of_a_clip_is_not_taken_for_one_of_another_speed(engine: Engine) -> None:
    """The same frames stand elsewhere in time: other positions, or other words before them."""
    slow, fast = ask(about(noise(6), fps=0.5)), ask(about(noise(6), fps=4.0))
    run(engine.answer(slow))
    after = run(engine.answer(fast)).logprobs
    engine.forget()
    assert run(engine.answer(fast)).logprobs == after


def test_a_clip_is_no_row_of_stills(engine: Engine) -> None:
    video = noise(4)
    stills = [{"type": "image", "image": frame} for frame in video]
    run(engine.answer(ask({"role": "user", "content": stills})))
    after = run(engine.answer(ask(about(video)))).logprobs
    engine.forget()
    assert run(engine.answer(ask(about(video)))).logprobs == after


def test_frames_may_come_one_by_one_and_with_their_own_limit(engine: Engine) -> None:
    whole = engine.prompt(ask(about(list(noise(4, 90, 90)))))
    assert whole.items == engine.prompt(ask(about(noise(4, 90, 90)))).items
    assert len(engine.prompt(ask(about(noise(4, 90, 90), pixels=900))).items) < len(whole.items)


def test_qwen3_vl_reads_the_time_before_each_group_of_frames(built: Built) -> None:
    engine = open_engine(built("qwen3_vl", 2, "int8"))
    prompt = engine.prompt(ask(about(noise(3))))
    words = engine.words.tokenizer.decode([max(i, 0) for i in prompt.items], skip_special_tokens=False)
    start, end = "<|vision_start|>", "<|vision_end|>"
    assert f"{start}<0.2 seconds>{start}" in words
    assert f"{end}<1.0 seconds>{start}" in words
    assert f"{end}{end}What happens?" in words
    engine.close()


@pytest.mark.parametrize(
    ("video", "fps", "message"),
    [
        ([], 2, "no frames"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)], 2, "frame 2 .* 9 × 8, .* 8 × 8"),
        (noise(2), None, "fps is None"),
        (noise(2), 0, "fps is 0"),
        (noise(2), float("nan"), "fps is nan"),
        (noise(2).astype(np.float32), 2, r"uint8\[h, w, 3\]"),
        (noise(2)[0], 2, r"uint8\[h, w, 3\]"),
        (np.zeros((2, 0, 4, 3), np.uint8), 2, "empty"),
    ],
)
def test_a_clip_that_cannot_be_looked_at_is_refused(video: Any, fps: Any, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        clip_of(video, fps)


def test_a_clip_that_fills_the_model_is_refused_before_it_is_looked_at(engine: Engine) -> None:
    video = np.broadcast_to(noise(1, 8, 400), (6000, 8, 400, 3))
    with pytest.raises(PromptError, match="fewer frames or pixels"):
        engine.prompt(ask(about(video)))


def test_what_the_template_has_no_room_for_is_counted(engine: Engine) -> None:
    shape = engine.folder.about.vision
    assert shape is not None
    with pytest.raises(PromptError, match=r"made room for 1 \(picture\) to be seen, there are none"):
        engine.look([1, shape.token], [])
    with pytest.raises(PromptError, match=r"made room for 1 \(picture\) to be seen, there are 1 \(clip\)"):
        engine.look([1, shape.token], [View(clip_of(noise(2), 2.0))])


def test_a_model_built_before_clips_is_read_and_says_so(built: Built, tmp_path: Path) -> None:
    folder = shutil.copytree(built("qwen2_vl", 1, "none"), tmp_path / "old")
    description = msgspec.json.decode((folder / DESCRIPTION).read_bytes())
    del description["vision"]["clips"]
    (folder / DESCRIPTION).write_bytes(msgspec.json.encode(description))
    engine = open_engine(folder)
    engine.prompt(ask({"role": "user", "content": [{"type": "image", "image": noise(1)[0]}]}))
    with pytest.raises(PromptError, match="before clips"):
        engine.prompt(ask(about(noise(2))))
    engine.close()


def shape(patch: int) -> VisionShape:
    return VisionShape(
        depth=1, width=4, heads=1, ffn=1, patch=patch, merge=2, frames=2, out=1, activation="gelu",
        pixels=(1, 1), mean=(0, 0, 0), std=(1, 1, 1), token=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clip", "each", "together", "free"),
    [
        ((8, 1080, 1920), (560, 1008), (224, 416), (1088, 1920)),
        ((3, 480, 640), (476, 644), (416, 576), (480, 640)),
        ((5, 20, 30), (280, 392), (160, 224), (32, 64)),
        ((2, 7, 400), (56, 2408), (64, 1952), (32, 1824)),
        ((31, 1080, 1920), (560, 1008), (96, 192), (672, 1184)),
        ((64, 720, 1280), (560, 1008), (64, 128), (448, 832)),
    ],
)
def test_sizes_are_those_of_the_published_processors(
    clip: tuple[int, int, int], each: tuple[int, int], together: tuple[int, int], free: tuple[int, int]
) -> None:
    """Drawn with ``smart_resize`` of transformers 5.24: Qwen2-VL's defaults, Qwen3-VL's, its published file's."""
    assert clip_size(*clip, shape(14), ClipShape(token=1, pixels=(100352, 602112))) == each
    stamped = ClipShape(token=1, pixels=(131072, 786432), stamped=True)
    assert clip_size(*clip, shape(16), stamped) == together
    wide = msgspec.structs.replace(stamped, pixels=(4096, 25165824))
    assert clip_size(*clip, shape(16), wide) == free


def test_places_in_time() -> None:
    plain = ClipShape(token=1, pixels=(1, 1))
    assert times(4, 3.0, shape(14), plain) == [0, 1, 2, 3]
    timed = msgspec.structs.replace(plain, per_second=2.0)
    assert times(4, 2.0, shape(14), timed) == [0, 2, 4, 6]
    assert times(5, 8.0, shape(14), timed) == [0, 0, 1, 1, 2]
    assert times(3, 2.0, shape(16), msgspec.structs.replace(plain, stamped=True)) == [0, 0, 0]
    assert stamps(1, 1.0, 2) == ["<0.0 seconds>"]
    assert stamps(5, 2.0, 2) == ["<0.2 seconds>", "<1.2 seconds>", "<2.0 seconds>"]
