from __future__ import annotations

from models.qwen_vl.generate import Answer, Reading, Steps, Word
from tools.bench.qwen_together import Step, Told, _timed

MS = 1_000_000
ANSWER = Answer("x", (1,), (0.0,), "stop", 4, 0, 1)


def test_a_wait_counts_for_the_kind_of_step_it_fell_into() -> None:
    steps = [Step(True, 0, 100 * MS), Step(False, 100 * MS, 120 * MS), Step(False, 130 * MS, 160 * MS)]
    captions = [(40 * MS, 101 * MS), (135 * MS, 161 * MS), (125 * MS, 126 * MS), (200 * MS, 201 * MS)]
    told = Told(ANSWER, steps, captions)
    assert told.waits(reading=True) == [61]
    assert told.waits(reading=False) == [26]  # between two steps, and after the last, nothing is waited for
    assert told.beyond() == [1, 1]
    assert told.took(reading=True) == [100]
    assert told.took(reading=False) == [30]  # without the first token, which took no step of its own


def test_only_the_steps_themselves_are_timed() -> None:
    now = iter(range(100))

    def answer() -> Steps:
        yield Reading(4, 4, 0)
        yield Word("x", 1, 0.0)
        return ANSWER

    steps: list[Step] = []
    loop = _timed(answer(), lambda: next(now), steps)
    next(loop)
    next(now)  # a caption
    next(loop)
    try:
        next(loop)
    except StopIteration as end:
        assert end.value is ANSWER
    assert steps == [Step(True, 0, 1), Step(False, 3, 4)]
