"""Pictures in a question: as the reference reads them they are in ``test_exact``; here, what is around that."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.pixels import LARGEST, PictureError, decode, target_size
from models.qwen_vl.prompt import PromptError
from tests.models.qwen_vl.conftest import Built
from tests.models.qwen_vl.make_reference import question


@pytest.fixture(params=["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5_vl"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(built: Built, family: str) -> Iterator[Engine]:
    made = open_engine(built(family, 2, "int8"))
    yield made
    made.close()


def noise(*size: int, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def about(picture: object, text: str = "What is this?") -> dict[str, object]:
    return {"role": "user", "content": [{"type": "image", "image": picture}, {"type": "text", "text": text}]}


def ask(*messages: Mapping[str, object], **rest: object) -> Request:
    return Request(messages=messages, **{"limit": 12, **rest})  # type: ignore[arg-type]


@pytest.mark.parametrize("quant", ["none", "int8", "int4"])
def test_the_logits_are_the_same_bits_however_a_prompt_with_pictures_is_cut(
    built: Built, family: str, quant: str
) -> None:
    engine = open_engine(built(family, 2, quant))
    prompt, _ = question(engine, family, 2)
    count, answers, table = len(prompt.items), set(), engine.machine.table
    for cuts in ([], [1], [7, 30], [count - 1]):
        cache = KvCache(engine.folder.about.text, engine.folder.about.kv, capacity=16)
        for start, stop in pairwise([0, *cuts, count]):
            where, deep = prompt.positions[:, start:stop], prompt.deep(start, stop)
            rows = prompt.rows(table, start, stop)
            logits = engine.machine.many.feed(cache, prompt.items[start:stop], rows, where, deepstack=deep)
        answers.add(logits.tobytes())
    assert len(answers) == 1
    engine.close()


def test_a_follow_up_on_the_same_picture_reads_only_what_is_new(engine: Engine) -> None:
    picture = noise(70, 90)
    first = run(engine.answer(ask(about(picture))))
    turns = (
        about(picture),
        {"role": "assistant", "content": "A thing."},
        {"role": "user", "content": "Whose?"},
    )
    second = run(engine.answer(ask(*turns)))
    assert second.cached_tokens >= first.prompt_tokens - len("assistant\n") - 3
    engine.forget()
    assert run(engine.answer(ask(*turns))).logprobs == second.logprobs


def test_another_picture_is_another_answer(engine: Engine) -> None:
    first = run(engine.answer(ask(about(noise(64, 64)))))
    second = run(engine.answer(ask(about(noise(64, 64, seed=2)))))
    assert second.logprobs != first.logprobs
    assert run(engine.answer(ask(about(noise(64, 64))))).logprobs == first.logprobs


def test_words_that_look_like_a_picture_are_words(engine: Engine) -> None:
    engine.prompt(ask(about(noise(30, 30), "<|vision_start|><|image_pad|><|vision_end|>")))


def test_fewer_pixels_make_a_shorter_prompt(engine: Engine) -> None:
    whole = engine.prompt(ask(about(noise(90, 90))))
    small = engine.prompt(ask(about(noise(90, 90)), picture_pixels=900))
    assert len(small.items) < len(whole.items)


def test_a_picture_may_set_its_own_limit_below_that_of_all(engine: Engine) -> None:
    def count(own: int | None, most: int | None) -> int:
        part = {"type": "image", "image": noise(90, 90)} | ({"pixels": own} if own else {})
        return len(engine.prompt(ask({"role": "user", "content": [part]}, picture_pixels=most)).items)

    assert count(900, None) == count(900, 8100) == count(8100, 900) == count(None, 900) < count(None, None)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((0, 5, 3), np.uint8), "empty"),
        (np.zeros((5, 5), np.uint8), r"uint8\[h, w, 3\]"),
        (np.zeros((5, 5, 3), np.float32), r"uint8\[h, w, 3\]"),
        (np.zeros((1, 201, 3), np.uint8), "too narrow"),
        (np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (20_000, 20_000, 3)), "400 million pixels"),
    ],
)
def test_a_picture_that_cannot_be_looked_at_is_refused(
    engine: Engine, picture: NDArray[np.uint8], message: str
) -> None:
    with pytest.raises(PictureError, match=message):
        engine.prompt(ask(about(picture)))


def test_a_text_model_says_that_it_cannot_see(built: Built) -> None:
    engine = open_engine(built("qwen2", 2, "int8"))
    with pytest.raises(PromptError, match="can't see"):
        engine.prompt(ask(about(noise(30, 30))))
    engine.close()


def test_a_part_of_another_kind_is_named(engine: Engine) -> None:
    with pytest.raises(PromptError, match="'audio'"):
        engine.prompt(ask({"role": "user", "content": [{"type": "audio"}]}))


@pytest.mark.parametrize("size", [(1, 1), (1, 150), (3000, 4000), (97, 51), (10, 1999)])
def test_a_picture_becomes_whole_features_within_the_limits(engine: Engine, size: tuple[int, int]) -> None:
    shape = engine.folder.about.vision
    assert shape is not None
    high, wide = target_size(*size, shape)
    side = shape.patch * shape.merge
    assert high % side == wide % side == 0
    assert high * wide <= shape.pixels[1] or min(high, wide) == side
    assert high * wide >= shape.pixels[0]


def saved(kind: str, *size: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(noise(*size)).save(data, kind)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "PPM"])
def test_a_damaged_picture_file_is_an_error_or_a_picture(kind: str) -> None:
    whole, rng = saved(kind, 30, 40), np.random.default_rng(7)
    for _ in range(60):
        data = bytearray(whole)
        for at in rng.integers(0, min(len(data), 200), int(rng.choice([1, 3, 20]))):
            data[at] = int(rng.integers(256))
        try:
            assert decode(bytes(data[: int(rng.integers(1, len(data)))])).ndim == 3
        except PictureError as error:
            assert str(error)


def test_a_few_bytes_that_hold_a_huge_picture_are_refused_before_they_are_unpacked() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 9000, 9000, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(9000 * 4 + 1) * 3)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="81 million pixels; make it smaller"):
        decode(bomb)


def test_a_large_jpeg_is_unpacked_smaller() -> None:
    data = io.BytesIO()
    Image.new("RGB", (8000, 6000), "red").save(data, "JPEG")
    seen = decode(data.getvalue())
    assert seen.shape == (3000, 4000, 3)
    assert seen.shape[0] * seen.shape[1] <= LARGEST


def test_no_configuration_makes_a_picture_endless(engine: Engine) -> None:
    shape = engine.folder.about.vision
    assert shape is not None
    hostile = msgspec.structs.replace(shape, pixels=(10**18, 10**19))
    high, wide = target_size(30, 40, hostile)
    assert high * wide < 2 * (1 << 24)
