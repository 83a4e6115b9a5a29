"""A feature that speaks, with everything around it faked, and a record of what the wearer saw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.messages import Card, CardDown, Request
from runtime.core.topics import CARD, REQUEST
from runtime.features import registry
from tests.runtime.features.snap.fakes import (
    FakeCodes,
    FakeGenerator,
    FakeRunner,
    FakeSight,
    FakeText,
    FakeTracer,
)
from tests.runtime.features.snap.labels import label


class Cancelling(FakeRunner):
    """A runner whose ``cancel`` reaches the generator."""

    def __init__(self, clock: VirtualClock, generator: FakeGenerator) -> None:
        super().__init__(clock)
        self.cancel = generator.cancel


class Glasses:
    """``generator`` says what it is told; ``parts`` may be changed before ``play``."""

    def __init__(self, feature: str, *words: str, **rest: Any) -> None:
        self.feature = feature
        self.clock = VirtualClock()
        self.bus = Bus(self.clock)
        self.generator = FakeGenerator(self.clock, *words, **rest)
        self.cards: list[Card] = []
        self.codes, self.text = FakeCodes(), FakeText(label("£2.50", "Contains: oats"))
        self.parts: dict[str, Any] = {
            "bus": self.bus, "clock": self.clock, "tracer": FakeTracer(), "sight": FakeSight(self.clock),
            "runner": Cancelling(self.clock, self.generator), "reader": lambda: self.codes,
            "ocr": lambda: self.text, "language": self.generator, "view": self._in_view,
        }  # fmt: skip
        self.bus.tap(CARD, self._see)

    def _see(self, card: Card | CardDown) -> None:
        assert isinstance(card, Card)
        self.cards.append(card)

    def _in_view(self) -> str:
        return self.cards[-1].key if self.cards else ""

    @property
    def view(self) -> list[str]:
        return [line.text for line in self.cards[-1].lines]

    def ask(self, action: str, argument: str = "") -> None:
        self.bus.publish(REQUEST, Request(self.clock.now_ns(), action, argument))

    def play(self, script: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            feature = registry.build(self.feature, self.parts)
            task = asyncio.ensure_future(feature.run())
            await self.clock.sleep(0)
            await script()
            task.cancel()

        run_virtual(self.clock, main())
