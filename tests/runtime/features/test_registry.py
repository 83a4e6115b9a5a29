from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.messages import Card, Request
from runtime.core.topics import CARD, REQUEST
from runtime.features.registry import FEATURES, MissingPartError, Row, UnknownFeatureError, build
from runtime.features.snap.feature import SnapFeature
from tests.runtime.features.snap.fakes import FakeGenerator, FakeRunner, FakeSight, FakeTracer

# What the README's "how to add a feature" has the reader write.
HELLO = '''
"""Greets the wearer."""

from runtime.core.bus import Bus
from runtime.core.messages import Card, Line
from runtime.core.topics import CARD, REQUEST


class HelloFeature:
    """Answers the request "hello" with a card."""

    def __init__(self, *, bus: Bus) -> None:
        self._bus = bus

    async def run(self) -> None:
        """Serve until cancelled."""
        with self._bus.subscribe(REQUEST) as requests:
            async for request in requests:
                if request.action == "hello":
                    self._bus.publish(CARD, Card("hello", (Line("Hello"),), ttl_s=3.0))
'''


def parts() -> dict[str, object]:
    clock = VirtualClock()
    return {
        "bus": Bus(clock), "clock": clock, "tracer": FakeTracer(), "sight": FakeSight(clock),
        "runner": FakeRunner(clock), "reader": lambda: None, "ocr": lambda: None,
        "language": FakeGenerator(clock), "view": str,
        "hearing": object(), "speech": object(), "store": object(), "interpreter": object(), "transcripts": object(),
        "log": object(), "report": lambda *_: None,
    }  # fmt: skip


def test_every_row_can_be_built_and_has_what_the_supervisor_needs() -> None:
    for row in FEATURES:
        feature = build(row.name, parts())
        assert asyncio.iscoroutinefunction(feature.run)
        assert row.text
    assert isinstance(build("snap", parts()), SnapFeature)


def test_a_missing_part_is_named() -> None:
    with pytest.raises(MissingPartError, match="snap needs sight, runner: check"):
        build("snap", {**parts(), "sight": None, "runner": None})


def test_an_unknown_feature_lists_those_there_are() -> None:
    with pytest.raises(UnknownFeatureError, match="snapp: no such feature; there are: snap"):
        build("snapp", {})


def test_a_new_feature_is_one_file_and_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hello_feature.py").write_text(HELLO)
    monkeypatch.syspath_prepend(tmp_path)
    row = Row(
        name="hello",
        factory="hello_feature:HelloFeature",
        needs=("bus",),
        keys={"touch tap": "hello"},
        text="…",
    )
    clock = VirtualClock()
    bus = Bus(clock)
    feature = build("hello", {"bus": bus}, (*FEATURES, row))

    async def main() -> Card | None:
        serving = asyncio.ensure_future(feature.run())
        await clock.sleep(0)
        bus.publish(REQUEST, Request(0, "hello"))
        await clock.sleep(0.01)
        serving.cancel()
        shown = bus.latest(CARD)
        return shown if isinstance(shown, Card) else None

    card = run_virtual(clock, main())
    assert card is not None
    assert card.lines[0].text == "Hello"
