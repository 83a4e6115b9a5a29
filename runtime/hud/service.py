"""Keeps the panel showing what the topics say: collects the scene, draws when it changed, sends what differs.

At most 60 pictures a second; nothing to say for a while turns the panel off; a panel that failed and came
back gets its whole picture again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from boards import spec
from drivers.base import Display, Rect
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.messages import Arrow, Caption, Card, CardDown, Fault, Shown, WearerSettings
from runtime.core.topics import ARROW, CAPTION, CARD, FAULT, SETTINGS, SHOWN
from runtime.core.trace import Tracer
from runtime.hud.render import Hud
from runtime.hud.scene import Scene

MOST_HZ = 60
DARK_AFTER_S = 3.0
# What nobody renews is taken down: an old cue misleads, old words and standing faults drain the battery.
ARROW_S = 2.0
CAPTION_S = 10.0
FAULT_S = 10.0  # alone on the panel; beside something else it stands as long as the fault does
SHIFT_EVERY_S = 120.0  # a still picture moves a little, so that no pixel ages before its neighbours
SHIFTS = ((0, 0), (2, 0), (2, 2), (0, 2), (-2, 2), (-2, 0), (-2, -2), (0, -2))


class _Shelf:
    """The cards that are up: the highest priority is shown, the newest among equals."""

    def __init__(self) -> None:
        self._cards: dict[str, tuple[Card, int, int | None]] = {}
        self._count = 0

    def put(self, card: Card, now_ns: int) -> None:
        """Take a card up, in the place of one with the same key."""
        self._count += 1
        until = None if card.ttl_s is None else now_ns + round(card.ttl_s * NS)
        self._cards[card.key] = (card, self._count, until)

    def take_down(self, key: str) -> None:
        """Unknown keys are fine."""
        self._cards.pop(key, None)

    def top(self, now_ns: int) -> Card | None:
        """The card to show; those whose time is over are gone."""
        self._cards = {k: c for k, c in self._cards.items() if c[2] is None or now_ns < c[2]}
        best = max(self._cards.values(), key=lambda c: (c[0].priority, c[1]), default=None)
        return best[0] if best else None

    def next_end(self) -> int | None:
        """When the next card's time is over."""
        return min((until for _, _, until in self._cards.values() if until is not None), default=None)


class HudService:
    """Shows on ``display``; a board without one still has a canvas, for the console."""

    def __init__(
        self, bus: Bus, clock: Clock, display: Display | None, tracer: Tracer, part: spec.Display | None
    ) -> None:
        self._bus, self._clock, self._display, self._tracer = bus, clock, display, tracer
        part = part or spec.Display(compatible="")
        safe = Rect(*part.safe_area) if part.safe_area else None
        self.hud = Hud(part.width, part.height, safe)
        self._shelf = _Shelf()
        self._caption: Caption | None = None
        self._drawn: Caption | None = None
        self._arrow: float | None = None
        self._faults: dict[str, str] = {}
        self._ends = dict.fromkeys(("caption", "arrow", "fault"), 0)
        self._settings = WearerSettings()
        self._news = asyncio.Event()
        self._lit = False
        self._said_ns = clock.now_ns()
        self._asked_ns = clock.now_ns()
        self._taps: list[Callable[[], None]] = []
        self._listen()

    @property
    def scene(self) -> Scene:
        """What is to be seen now."""
        now_ns = self._clock.now_ns()
        card = self._shelf.top(now_ns)
        caption = self._caption if now_ns < self._ends["caption"] else None
        arrow = self._arrow if now_ns < self._ends["arrow"] else None
        scene = Scene(card, caption, arrow, "", self._settings)
        if self._faults and (now_ns < self._ends["fault"] or not scene.empty):
            scene = msgspec.structs.replace(scene, fault=next(reversed(self._faults.values())))
        return scene

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError when the panel fails; the supervisor calls again."""
        if self._display is not None:
            await self._clock.call("display", self._display.open)
        self._lit = True
        self.hud.forget()
        try:
            while True:
                await self._show()
                await self._clock.sleep(1 / MOST_HZ)
                await self._wait()
        finally:
            if self._display is not None:  # in its thread, behind a transfer that is still under way
                await self._clock.call("display", self._display.close)

    def close(self) -> None:
        """Stop listening."""
        for close in self._taps:
            close()

    def _listen(self) -> None:
        taps = self._bus.tap
        self._taps = [
            taps(CARD, self._on_card),
            taps(CAPTION, self._on_caption),
            taps(ARROW, self._on_arrow),
            taps(FAULT, self._on_fault),
            taps(SETTINGS, self._on_settings),
        ]

    def _on_card(self, message: Card | CardDown) -> None:
        if isinstance(message, Card):
            self._shelf.put(message, self._clock.now_ns())
        else:
            self._shelf.take_down(message.key)
        self._changed()

    def _on_caption(self, caption: Caption) -> None:
        self._caption = caption
        self._keep("caption", CAPTION_S)
        self._changed()

    def _on_arrow(self, arrow: Arrow) -> None:
        self._arrow = arrow.degrees
        self._keep("arrow", ARROW_S)
        self._changed()

    def _on_fault(self, fault: Fault) -> None:
        self._faults.pop(fault.part, None)
        if not fault.up:
            self._faults[fault.part] = fault.text
            self._keep("fault", FAULT_S)
        self._changed()

    def _on_settings(self, settings: WearerSettings) -> None:
        self._settings = settings
        self._changed()

    def _keep(self, what: str, seconds: float) -> None:
        self._ends[what] = self._clock.now_ns() + round(seconds * NS)

    def _changed(self) -> None:
        if not self._news.is_set():
            self._asked_ns = self._clock.now_ns()
            self._news.set()

    async def _wait(self) -> None:
        """Until something changed, a card's time is over, or the panel should go dark or shift."""
        now_ns = self._clock.now_ns()
        ends = [
            end for end in (self._shelf.next_end(), *self._ends.values()) if end is not None and end > now_ns
        ]
        if self._lit:
            ends.append(
                self._said_ns + round(DARK_AFTER_S * NS) if self.scene.empty else self._next_shift(now_ns)
            )
        try:
            async with asyncio.timeout(max(0.0, (min(ends) - now_ns) / NS) if ends else None):
                await self._news.wait()
        except TimeoutError:
            self._asked_ns = self._clock.now_ns()

    async def _show(self) -> None:
        self._news.clear()
        asked_ns, now_ns = self._asked_ns, self._clock.now_ns()
        scene = self.scene
        if not scene.empty:
            self._said_ns = now_ns
            await self._power(True)
        drawing_ns = self._clock.now_ns()
        with self._tracer.span("hud.draw"):
            rects = self.hud.draw(scene, _shift(now_ns) if not scene.empty else (0, 0))
        drawn_ns = self._clock.now_ns()
        if rects:
            await self._send(rects)
            self._tracer.mark("hud.pixel", asked_ns, self._clock.now_ns())
            self._note_caption(scene.caption, drawing_ns, drawn_ns)
        if scene.empty and now_ns - self._said_ns >= DARK_AFTER_S * NS:
            await self._power(False)

    def _note_caption(self, caption: Caption | None, drawing_ns: int, drawn_ns: int) -> None:
        """In the ledger: how long a new caption took to draw, and from the microphone to the panel."""
        if caption is not None and caption is not self._drawn:
            self._tracer.mark("captions.draw", drawing_ns, drawn_ns)
            if caption.t_ns:
                self._tracer.mark("captions.pixel", caption.t_ns, self._clock.now_ns())
        self._drawn = caption

    async def _send(self, rects: list[Rect]) -> None:
        if self._display is not None:
            with self._tracer.span("hud.send"):
                await self._clock.call("display", self._display.show, self.hud.canvas, rects)
        pixels = sum(rect.w * rect.h for rect in rects)
        self._bus.publish(SHOWN, Shown(self._clock.now_ns(), pixels))

    async def _power(self, on: bool) -> None:
        if on != self._lit:
            self._lit = on
            if self._display is not None:
                await self._clock.call("display", self._display.power, on)

    def _next_shift(self, now_ns: int) -> int:
        period = round(SHIFT_EVERY_S * NS)
        return (now_ns // period + 1) * period


def _shift(now_ns: int) -> tuple[int, int]:
    return SHIFTS[now_ns // round(SHIFT_EVERY_S * NS) % len(SHIFTS)]
