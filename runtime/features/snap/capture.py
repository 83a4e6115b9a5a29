"""One snap from the shutter to the finished result, with the clock running.

The wearer hears of every failure within two seconds: the camera has CAMERA_S, then the readers have until
READ_S after the press. What is there by then is shown; what comes later completes the card, up to LATE_S.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from drivers.base import CaptureRefusedError, DeviceLostError, DriverError, Frame
from models.base import DeadlineError, ModelError, TextBox
from models.runner import Priority
from runtime.core.clock import NS, Clock
from runtime.features.snap import pipeline
from runtime.features.snap.pipeline import Part, Tools
from runtime.features.snap.result import Image, ProductCode, SnapResult, Trouble, milliseconds

T = TypeVar("T")

FRAMES = 3
CAMERA_S = 1.5
READ_S = 1.8
LATE_S = 6.0


class Sight(Protocol):
    """Takes pictures; the capture light is on while it does."""

    async def burst(self, n: int) -> list[Frame]:
        """``n`` distinct frames, or fewer. Raises DriverError."""
        ...


class Runs(Protocol):
    """The model runner: one worker an accelerator."""

    async def run(
        self,
        job: Callable[[], Any] | Generator[Any, None, Any],
        *,
        deadline_s: float | None = None,
        name: str = "",
        priority: int = 0,
    ) -> Any:
        """Run ``job`` off the loop; others may go between the steps of a generator. Raises ModelError."""
        ...


class CaptureFailed(Exception):
    """No picture came; the message is one line for the wearer."""


class Capture:
    """One press of the shutter. ``cancel`` makes readers that still run in their threads give up."""

    def __init__(self, clock: Clock, sight: Sight, runner: Runs, tools: Tools, trace_id: int) -> None:
        self._clock, self._sight, self._runner, self._tools = clock, sight, runner, tools
        self._trace_id = trace_id
        self._start = clock.now_ns()
        self._cancelled = False
        self.has_picture = False

    def cancel(self) -> None:
        """Nobody wants the result any more."""
        self._cancelled = True

    def left(self, of_s: float) -> float:
        """Seconds until ``of_s`` after the press."""
        return of_s - (self._clock.now_ns() - self._start) / NS

    async def pictures(self) -> list[Image]:
        """The best frames of a burst, sharpest first. Raises CaptureFailed."""
        begun = self._clock.now_ns()
        with self._tools.tracer.span("snap.burst", self._trace_id):
            frames = await self._burst()
        images = [frame.image for frame in frames]
        best, part = await self._clock.call("snap", pipeline.pick, images, self._tools, self._trace_id)
        self.has_picture = True
        self._picked = msgspec.structs.replace(
            part, ms={"burst": milliseconds(begun, self._clock.now_ns())} | part.ms
        )
        return best

    async def _burst(self) -> Sequence[Frame]:
        try:
            async with asyncio.timeout(self.left(CAMERA_S)):
                frames = await self._sight.burst(FRAMES)
        except TimeoutError as error:
            raise CaptureFailed("The camera gave no picture in time: press again") from error
        except CaptureRefusedError as error:
            raise CaptureFailed("The camera stays off: its light can't be lit") from error
        except DeviceLostError as error:
            raise CaptureFailed("The camera is lost: check its cable") from error
        except DriverError as error:
            raise CaptureFailed(f"The camera failed: {error}") from error
        if not frames:
            raise CaptureFailed("The camera gave no picture: press again")
        return frames

    async def read(self, best: list[Image], early: Callable[[SnapResult], Awaitable[object]]) -> SnapResult:
        """Codes and text side by side. At READ_S what is there goes to ``early``; the rest may come late."""
        readers = {
            "codes": asyncio.ensure_future(self._codes(best)),
            "text": asyncio.ensure_future(self._text(best)),
        }
        try:
            _, waiting = await asyncio.wait(readers.values(), timeout=max(0.0, self.left(READ_S)))
            if waiting:
                await early(await self._result(best, readers, "is still being read"))
                await asyncio.wait(waiting, timeout=max(0.0, self.left(LATE_S)))
            return await self._result(best, readers, "took too long: press again")
        finally:
            for reader in readers.values():
                reader.cancel()

    async def find(self, image: Image) -> tuple[list[TextBox], tuple[ProductCode, ...]]:
        """Where the text is, unread, and the codes that are found by then; nothing where there are no readers."""
        ended = threading.Event()
        codes = asyncio.ensure_future(self._codes([image], ended.is_set))
        try:
            boxes = await self._boxes(image)
            ended.set()
            return boxes, (await codes).codes
        finally:
            ended.set()
            codes.cancel()

    async def _boxes(self, image: Image) -> list[TextBox]:
        text = self._tools.text
        if text is None:
            return []
        try:
            boxes: list[TextBox] = await self._runner.run(
                lambda: text.find(image),
                deadline_s=self.left(LATE_S),
                name="ask.find",
                priority=Priority.READ,
            )
        except ModelError:  # there is less to cut away, no less to see
            return []
        return boxes

    async def _codes(self, best: list[Image], enough: Callable[[], bool] = bool) -> Part:
        def expired() -> bool:
            return self._cancelled or self.left(READ_S) <= 0 or enough()

        return await self._clock.call(
            "snap.codes", pipeline.read_codes, best, self._tools, expired, self._trace_id
        )

    async def _text(self, best: list[Image]) -> Part:
        def steps() -> Generator[None, None, Part]:
            if self._cancelled:
                return Part()
            return (yield from pipeline.read_text(best, self._tools, self._trace_id))

        try:
            part: Part = await self._runner.run(
                steps(), deadline_s=self.left(LATE_S), name="snap.text", priority=Priority.READ
            )
        except DeadlineError:
            return Part(troubles=(Trouble("text", "The text took too long: press again"),))
        except ModelError as error:
            return Part(troubles=(Trouble("text", f"Text failed: {error}"),))
        return part

    async def _result(
        self, best: list[Image], readers: Mapping[str, asyncio.Future[Part]], late: str
    ) -> SnapResult:
        parts = [self._picked]
        for name, reader in readers.items():
            word = {"codes": "The bar code", "text": "The text"}[name]
            parts.append(
                reader.result() if reader.done() else Part(troubles=(Trouble(name, f"{word} {late}"),))
            )
        result = await self._clock.call("snap", pipeline.finish, best, parts, self._tools, self._trace_id)
        total = milliseconds(self._start, self._clock.now_ns())
        return msgspec.structs.replace(result, ms={**result.ms, "total": total})
