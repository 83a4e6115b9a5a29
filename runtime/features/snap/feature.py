"""The snap feature: requests in, cards out.

"snap" reads what is in front of the wearer ("snap picture" also keeps the picture in memory, so that "save"
can store it), "next" turns the page, "save" stores the last snap, "forget" deletes it for good. No picture
outlives its card otherwise, and nothing is stored that the wearer did not ask to be stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import cv2
import msgspec

from models.base import ModelError, VisualAnswerer
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.errors import StoreError
from runtime.core.messages import Card, Line, Reading, Request
from runtime.core.topics import CARD, READING
from runtime.features import looking
from runtime.features.requests import serve
from runtime.features.snap.capture import Capture, CaptureFailed, Runs, Sight
from runtime.features.snap.card import KEY, build_cards, note, with_answer, with_note
from runtime.features.snap.export import result_to_json
from runtime.features.snap.lookup import Lookup, product_of
from runtime.features.snap.pipeline import Tools
from runtime.features.snap.result import CodeReader, Image, LineReader, SnapResult, Tracing
from runtime.features.speaking import SPEAKERS, View

QUESTION = "What is this product, and what should a buyer know about it?"
ACTIONS = ("snap", "next", "save", "forget")


class SnapStore(Protocol):
    """Where a snap goes when the wearer saves it."""

    def save_snap(self, title: str, json: str, picture: bytes | None = None) -> int:
        """Commit, then return its id. Raises StoreError."""
        ...

    def forget_snap(self, snap_id: int) -> bool:
        """Delete it for good. Raises StoreError."""
        ...


class _Last(msgspec.Struct):
    """The snap in view: its result and pages, never its frames.

    ``saved`` holds the store's ids; a snap saved before its text was complete may have two. ``kept`` is what
    the newest of them holds.
    """

    result: SnapResult
    cards: tuple[Card, ...]
    page: int = 0
    picture: bytes | None = None
    saved: list[int] = []
    kept: SnapResult | None = None


class SnapFeature:
    """Serves the requests in ACTIONS.

    ``reader`` and ``ocr`` give the readers once they are loaded, None before. ``catalogue``, ``store`` and
    ``answerer`` may be missing: the card says so where the wearer would notice.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        tracer: Tracing,
        sight: Sight,
        runner: Runs,
        reader: Callable[[], CodeReader | None],
        ocr: Callable[[], LineReader | None],
        catalogue: Lookup | None = None,
        store: SnapStore | None = None,
        answerer: VisualAnswerer | None = None,
        view: View | None = None,
    ) -> None:
        self._bus, self._clock, self._tracer, self._sight, self._runner = bus, clock, tracer, sight, runner
        self._reader, self._ocr, self._catalogue, self._store = reader, ocr, catalogue, store
        self._answerer = answerer
        self._view = view or str
        self._last: _Last | None = None
        self._capture: Capture | None = None
        self._snapping: asyncio.Task[None] | None = None
        self._keeping = asyncio.Lock()

    async def run(self) -> None:
        """Serve until cancelled. What nobody expected goes up to the supervisor, after a card said so."""
        await serve(self._bus, self._handle)

    def _handle(self, request: Request, group: asyncio.TaskGroup) -> None:
        if request.action == "snap":
            self._press(request, group)
        elif self._view() in SPEAKERS:  # what follows is about the card in view, and that is not a snap's
            return
        elif request.action == "next":
            self._turn()
        elif request.action == "save":
            group.create_task(self._save())
        elif request.action == "forget":
            group.create_task(self._forget())

    def _press(self, request: Request, group: asyncio.TaskGroup) -> None:
        """Begin a snap. Until its picture is taken another press means the same; then it begins anew."""
        if self._snapping and not self._snapping.done() and self._capture and not self._capture.has_picture:
            return
        self._give_up()
        self._show(Card(KEY, (Line("Looking…"),), icon="camera"))
        tools = Tools(self._reader(), self._ocr(), self._clock, self._tracer)
        self._capture = Capture(self._clock, self._sight, self._runner, tools, self._tracer.new_id())
        self._snapping = group.create_task(self._snap(self._capture, request.argument == "picture"))

    def _give_up(self) -> None:
        """Stop the snap that is still being read, if there is one."""
        if self._capture is not None and self._snapping is not None:
            self._capture.cancel()
            self._snapping.cancel()

    async def _snap(self, capture: Capture, keep_picture: bool) -> None:
        """From the burst to the card; the frames are dropped when this returns."""
        self._last = None
        try:
            best = await capture.pictures()
            result = await capture.read(best, self._show_early)
            last = await self._show_result(result)
            if keep_picture:
                last.picture = await self._clock.call("snap", _jpeg, best[0])
            await self._ask(best[0], last)
        except CaptureFailed as failure:
            self._show(note(str(failure)))
        except Exception:
            self._show(note("The snap failed: press again"))
            raise

    async def _show_early(self, result: SnapResult) -> None:
        """Show what came in time; when that is nothing, say that it goes on."""
        if result.empty:
            self._show(Card(KEY, (Line("Still reading…"),), icon="camera"))
        else:
            await self._show_result(result)

    async def _show_result(self, result: SnapResult) -> _Last:
        """Look the code up and show the first card; a fuller result of the same snap replaces it."""
        self._publish_lines(result)
        product, catalogue_note = await self._clock.call("catalogue", product_of, result, self._catalogue)
        cards = build_cards(result, product, catalogue_note)
        last = self._last or _Last(result, cards)
        last.result, last.cards, last.page = result, cards, 0
        self._last = None if result.empty else last
        self._show(cards[0])
        return last

    async def _ask(self, picture: Image, last: _Last) -> None:
        """Let the model say what it sees, below what was read, as its words come."""
        if self._answerer is None or self._last is not last:
            return
        words, said, result = "", last.cards[0], last.result
        look = looking.choose(
            picture, [line.box for line in result.lines], [code.box for code in result.codes]
        )
        facts = {name: field.value for name, field in result.fields.items()}
        try:
            async for word in self._answerer.answer(look.cut(picture), QUESTION, facts, look.pixels):
                words += word
                if self._last is not last:
                    return
                last.cards = (with_answer(said, words), *last.cards[1:])
                if last.page == 0:
                    self._show(last.cards[0])
        except ModelError as error:
            self._show(with_note(last.cards[last.page], f"The model gave no answer: {error}"))

    def _turn(self) -> None:
        """Show the next page, after the last the first again."""
        if self._last is None:
            self._show(note("No snap to turn: press the shutter first"))
            return
        self._last.page = (self._last.page + 1) % len(self._last.cards)
        self._show(self._last.cards[self._last.page])

    async def _save(self) -> None:
        """Store the snap in view, and say so only when it is on the disk."""
        async with self._keeping:
            last = self._last
            if last is None or self._store is None:
                self._show(
                    note("Nothing to save: press the shutter first" if self._store else "There is no storage")
                )
                return
            if last.kept is not last.result:
                title = last.cards[0].lines[0].text
                record = msgspec.json.encode(result_to_json(last.result, cards=last.cards)).decode()
                kept = last.result
                try:
                    saved = await self._clock.call(
                        "store", self._store.save_snap, title, record, last.picture
                    )
                except StoreError as error:
                    self._show(with_note(last.cards[last.page], str(error)))
                    return
                last.saved.append(saved)
                last.kept = kept
            self._show(
                with_note(last.cards[last.page], "Saved with its picture" if last.picture else "Saved")
            )

    async def _forget(self) -> None:
        """Delete the snap in view for good, from the disk too when it was saved."""
        async with self._keeping:
            reading = self._snapping is not None and not self._snapping.done()
            self._give_up()
            last = self._last
            if last is None:
                self._show(note("Forgotten" if reading else "Nothing to forget", ttl_s=3.0))
                return
            try:
                while last.saved and self._store is not None:
                    await self._clock.call("store", self._store.forget_snap, last.saved[-1])
                    last.saved.pop()
            except StoreError as error:
                self._show(with_note(last.cards[last.page], f"Not forgotten: {error}"))
                return
            if self._last is last:
                self._last = None
            self._show(note("Forgotten", ttl_s=3.0))

    def _publish_lines(self, result: SnapResult) -> None:
        """For whoever looks for something else in them: a street's name."""
        lines = tuple((line.text, line.confidence) for line in result.lines)
        self._bus.publish(READING, Reading(self._clock.now_ns(), lines))

    def _show(self, card: Card) -> None:
        self._bus.publish(CARD, card)


def _jpeg(image: Image) -> bytes:
    """The picture as JPEG, for the wearer who asked to keep it."""
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])
