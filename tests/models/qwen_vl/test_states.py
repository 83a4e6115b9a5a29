"""Delta nets can't forget a row: whatever is gone back on, the answer is that of a fresh conversation."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import BackendError
from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.generate import Answer
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import LAST_WORDS, text_prompt
from models.qwen_vl.shape import DeltaShape, TextShape
from models.qwen_vl.states import MARKS_BYTES, MOST_MARKS, States
from tests.models.qwen_vl.conftest import SHAPE, Built

SYSTEM = {"role": "system", "content": "You are short and to the point. " * 10}
LONG = "Tell me of the sea and of those who go there. " * 9


def shape_of(value_size: int = 3) -> TextShape:
    delta = DeltaShape(blocks=(0, 2), key_heads=1, value_heads=2, key_size=5, value_size=value_size, taps=3)
    return msgspec.structs.replace(SHAPE, layers=3, delta=delta)


@pytest.fixture(params=["none", "int8"])
def engine(built: Built, request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = open_engine(built("qwen3_5", 2, request.param))
    yield made
    made.close()


def ask(*texts: str, **rest: object) -> Request:
    turns = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    return Request(messages=(SYSTEM, *turns), **{"limit": 24, **rest})  # type: ignore[arg-type]


def fresh(engine: Engine, request: Request) -> Answer:
    engine.forget()
    answer = run(engine.answer(request))
    assert answer.cached_tokens == 0
    return answer


def same(one: Answer, other: Answer) -> bool:
    return (one.tokens, one.logprobs, one.reason) == (other.tokens, other.logprobs, other.reason)


def test_a_conversation_goes_on_from_what_was_read(engine: Engine) -> None:
    first = run(engine.answer(ask(LONG)))
    asked = {
        "again": ask(LONG),
        "on": ask(LONG, first.text, "And then?"),
        "otherwise": ask(LONG, "No answer.", "And then?"),
        "longer": ask(LONG + "And of its fish."),
        "another": ask("Where is the milk?" * 8),
        "back": ask(LONG, first.text, "And before?"),
    }
    found = {name: run(engine.answer(request)) for name, request in asked.items()}
    for name in ("again", "on", "otherwise"):
        assert found[name].cached_tokens >= first.prompt_tokens - LAST_WORDS
    for name in ("longer", "back"):  # back to the end of a chunk
        assert found[name].cached_tokens > first.prompt_tokens - 128
    assert found["another"].cached_tokens >= 128
    for name, request in asked.items():
        assert same(found[name], fresh(engine, request)), name


def test_an_answer_goes_on_from_its_last_word(engine: Engine) -> None:
    prompt = engine.prompt(ask(LONG))
    first = run(engine.complete(prompt, ask(LONG, speculate=False)))
    on = text_prompt([*prompt.items, *first.tokens, 97, 98])
    answer = run(engine.complete(on, ask()))
    assert answer.cached_tokens >= len(prompt.items) + len(first.tokens) - 1
    engine.forget()
    assert same(run(engine.complete(on, ask())), answer)


def test_an_answer_can_be_left_between_any_two_steps(engine: Engine) -> None:
    whole = fresh(engine, ask(LONG))
    for steps in range(1, 12):
        engine.forget()
        loop = engine.answer(ask(LONG))
        for _ in range(steps):
            next(loop)
        loop.close()
        assert same(run(engine.answer(ask(LONG))), whole)


def test_answers_in_turns_do_not_disturb_each_other(engine: Engine) -> None:
    requests = [ask("What is in it?" * size) for size in (1, 7, 20)]
    alone = [fresh(engine, request) for request in requests]
    run(engine.answer(requests[2]))  # what the others begin with is known
    loops = dict(enumerate(map(engine.answer, requests)))
    together: dict[int, Answer] = {}
    while loops:
        for i, loop in list(loops.items()):
            try:
                next(loop)
            except StopIteration as end:
                together[i] = end.value
                del loops[i]
    assert all(same(together[i], answer) for i, answer in enumerate(alone))


@pytest.mark.parametrize("quant", ["none", "int8"])
def test_guessing_changes_no_bit(built: Built, quant: str) -> None:
    engine = open_engine(built("qwen3_5", 2, quant))
    engine.machine = msgspec.structs.replace(engine.machine, stops=frozenset())
    steps = {True: 0, False: 0}
    for seed in range(4):
        tokens = [int(token) for token in np.tile(np.random.default_rng(seed).integers(97, 110, 9), 6)]
        found = {}
        for guess in (False, True):
            engine.forget()
            request = Request(messages=(), limit=80, speculate=guess)
            found[guess] = run(engine.complete(text_prompt(tokens), request))
            steps[guess] += found[guess].steps
        assert same(found[True], found[False])
    assert steps[True] < steps[False]
    engine.close()


def test_a_step_that_failed_has_changed_nothing(engine: Engine) -> None:
    machine, about = engine.machine, engine.folder.about
    tokens = list(range(97, 120))
    prompt = text_prompt(tokens)
    cache = KvCache(about.text, about.kv)

    def feed(start: int, stop: int, rows: np.ndarray | None = None) -> bytes:
        rows = prompt.rows(machine.table, start, stop) if rows is None else rows
        where = prompt.positions[:, start:stop]
        return machine.many.feed(cache, tokens[start:stop], rows, where).tobytes()

    feed(0, 10)
    whole = feed(10, 23)
    cache.keep(10)
    assert cache.length == 10
    with pytest.raises(BackendError):
        feed(10, 23, np.zeros((13, about.text.width + 1), np.float32))
    assert cache.reach(9) == 0  # what was written to is not gone back to
    assert feed(10, 23) == whole


@given(st.lists(st.tuples(st.sampled_from(["step", "mark", "fail", "back", "fork"]), st.integers(0, 40))))
def test_the_memory_is_always_that_of_the_rows_it_says(steps: list[tuple[str, int]]) -> None:
    states = States(shape_of())

    def is_right(found: States) -> bool:
        return all((array == found.length).all() for array in found.now.values())

    marked = 0
    for what, number in steps:
        if what == "step":
            for array in states.following().values():
                array[:] = states.length + number
            states.advance(number)
        elif what == "fail":
            for array in states.following().values():
                array[:] = -1
        elif what == "mark":
            states.mark()
            marked = states.length
        else:
            wanted = min(number * 7, states.length)
            reached = states.reach(wanted)
            assert reached <= wanted
            assert reached >= (marked if marked <= wanted else 0)
            if what == "fork":
                other = states.fork(wanted)
                assert other.length == reached
                assert is_right(other)
                for array in other.now.values():
                    array[:] = -2
            else:
                assert states.back(wanted) == reached == states.length
                marked = min(marked, reached)
        assert is_right(states)


def test_marks_are_few_and_far_between() -> None:
    states = States(shape_of())
    for _ in range(100):
        states.following()
        states.advance(128)
        states.mark()
    assert states.bytes == (2 + MOST_MARKS) * sum(array.nbytes for array in states.now.values())
    lost = [wanted - states.reach(wanted) for wanted in range(0, 12_800, 100)]
    assert max(lost) <= 2 * 12_800 / MOST_MARKS
    assert states.reach(12_800) == 12_800


def test_marks_of_a_large_model_keep_within_their_room() -> None:
    states = States(shape_of(value_size=700_000))
    size = sum(array.nbytes for array in states.now.values())
    assert size > MARKS_BYTES / 3
    for _ in range(6):
        states.following()
        states.advance(128)
        states.mark()
    assert states.bytes <= 2 * size + max(MARKS_BYTES, size)
