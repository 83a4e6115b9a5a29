"""What a hypothesis costs is told by stage, without the time in which others had the worker."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from models.speech.whisper.spent import Spent


class Watch:
    def __init__(self) -> None:
        self.ns = 0

    def work(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


def test_each_stage_has_its_own_and_pauses_belong_to_none() -> None:
    watch = Watch()
    spent = Spent(lambda: watch.ns)

    def steps() -> Generator[None, None, str]:
        with spent.on("mel"):
            watch.work(1.0)
        with spent.on("encoder"):
            watch.work(2.0)
        watch.work(0.25)
        yield
        watch.work(0.5)
        return "words"

    with spent.on("mel"):
        watch.work(4.0)
    running = spent.rest_on("decoder", steps())
    next(running)
    watch.work(100.0)  # somebody else's
    with pytest.raises(StopIteration) as end:
        next(running)
    assert end.value.value == "words"
    assert spent.take() == pytest.approx({"mel": 5.0, "encoder": 2.0, "decoder": 0.75})
    assert spent.take() == {}


def test_what_is_given_up_or_fails_is_ended() -> None:
    spent, ended = Spent(lambda: 0), []

    def steps() -> Generator[None, None, str]:
        try:
            yield
            raise ValueError("no")
        finally:
            ended.append(True)

    running = spent.rest_on("decoder", steps())
    next(running)
    running.close()
    assert ended == [True]
    failing = spent.rest_on("decoder", steps())
    next(failing)
    with pytest.raises(ValueError, match="no"):
        next(failing)
