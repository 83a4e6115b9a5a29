from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.base import CaptureRefusedError, DeviceLostError, DriverError, Frame
from models.base import BackendError, DeadlineError
from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.errors import DiskFullError, StoreError
from runtime.core.log import LogRing, make_logger
from runtime.core.messages import Card, CardDown, Request
from runtime.core.store import Store
from runtime.core.topics import CARD, READING, REQUEST
from runtime.features.snap.catalogue import Catalogue, Product
from runtime.features.snap.feature import SnapFeature
from runtime.features.snap.pipeline import TEXT_LOADING
from runtime.features.snap.result import CatalogueError, Image
from tests.runtime.features.snap.fakes import (
    FakeAnswerer,
    FakeCode,
    FakeCodes,
    FakeRunner,
    FakeSight,
    FakeStore,
    FakeText,
    FakeTracer,
    picture,
)
from tests.runtime.features.snap.labels import label, line

OATS = Product("4006381333931", "Oat drink", "Mill", "1 l", "water, oats", "gluten", "test", 1)
LABEL = label("£2.50", "Contains: oats", "Ingredients: water, oats 11 %")


class Glasses:
    """The feature with everything around it faked, and a record of what the wearer saw when."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.bus = Bus(self.clock)
        self.sight = FakeSight(self.clock)
        self.runner = FakeRunner(self.clock)
        self.codes: FakeCodes | None = FakeCodes(FakeCode())
        self.text: FakeText | None = FakeText(LABEL)
        known = Catalogue(":memory:")
        known.put([OATS])
        weakref.finalize(self, known.close)
        self.catalogue: Catalogue | FailingCatalogue | None = known
        self.store: FakeStore | Store | None = FakeStore()
        self.answerer: FakeAnswerer | None = None
        self.shown: list[tuple[float, list[str]]] = []
        self.bus.tap(CARD, self._see)

    def _see(self, card: Card | CardDown) -> None:
        assert isinstance(card, Card)
        self.shown.append((self.clock.now_ns() / 1e9, [line.text for line in card.lines]))

    def ask(self, action: str, argument: str = "") -> None:
        self.bus.publish(REQUEST, Request(self.clock.now_ns(), action, argument))

    @property
    def view(self) -> list[str]:
        return self.shown[-1][1]

    def play(self, script: Callable[[], Awaitable[None]]) -> None:
        """Run the feature while ``script`` plays."""

        async def main() -> None:
            feature = SnapFeature(
                bus=self.bus, clock=self.clock, tracer=FakeTracer(), sight=self.sight, runner=self.runner,
                reader=lambda: self.codes, ocr=lambda: self.text, catalogue=self.catalogue, store=self.store,
                answerer=self.answerer,
            )  # fmt: skip
            serving = asyncio.ensure_future(feature.run())
            await self.clock.sleep(0)
            await script()
            if serving.done():
                await serving
            serving.cancel()
            await asyncio.wait([serving])

        run_virtual(self.clock, main())

    def snap(self, *then: str, wait_s: float = 3.0) -> None:
        """Press the shutter, wait, then do the rest one after the other."""

        async def script() -> None:
            for action in ("snap", *then):
                self.ask(*action.split())
                await self.clock.sleep(wait_s)

        self.play(script)


class FailingCatalogue:
    def lookup(self, gtin: str) -> Product | None:
        raise CatalogueError("disk image is malformed")


def test_the_wearer_sees_something_at_once_and_the_card_soon() -> None:
    glasses = Glasses()
    glasses.snap()
    (first_s, first), (card_s, card) = glasses.shown
    assert first == ["Looking…"]
    assert first_s <= 0.05
    assert card_s <= 1.0
    assert card[:2] == ["Oat drink, Mill", "£2.50"]


def test_what_was_read_is_told_to_whoever_looks_for_something_else_in_it() -> None:
    glasses = Glasses()

    async def script() -> None:
        glasses.ask("snap")
        await glasses.clock.sleep(3)

    glasses.play(script)
    reading = glasses.bus.latest(READING)
    assert reading is not None
    assert reading.lines == tuple((one.text, one.confidence) for one in LABEL)


def test_codes_and_text_are_read_side_by_side() -> None:
    glasses = Glasses()
    glasses.snap()
    assert glasses.runner.names == ["snap.text"], "text runs on the model runner"
    assert glasses.shown[-1][0] == pytest.approx(0.1 + 0.3)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CaptureRefusedError("no light"), "The camera stays off: its light can't be lit"),
        (DeviceLostError("gone"), "The camera is lost: check its cable"),
        (DriverError("odd format"), "The camera failed: odd format"),
    ],
)
def test_a_camera_that_fails_says_why(error: Exception, words: str) -> None:
    glasses = Glasses()
    glasses.sight.error = error
    glasses.snap()
    assert glasses.view == [words]
    assert glasses.shown[-1][0] < 2.0


def test_a_camera_that_never_answers_is_given_up_within_two_seconds() -> None:
    glasses = Glasses()
    glasses.sight.takes_s = 60.0
    glasses.snap()
    assert glasses.view == ["The camera gave no picture in time: press again"]
    assert glasses.shown[-1][0] < 2.0


def test_a_burst_without_frames_is_said() -> None:
    glasses = Glasses()
    glasses.sight.count = 0
    glasses.snap()
    assert glasses.view == ["The camera gave no picture: press again"]


def test_nothing_read_says_what_to_do() -> None:
    glasses = Glasses()
    glasses.codes, glasses.text = FakeCodes(), FakeText()
    glasses.snap()
    assert glasses.view[0] == "Nothing read"
    assert len(glasses.view) == 2


def test_while_the_text_models_load_the_code_is_read_and_that_is_said() -> None:
    glasses = Glasses()
    glasses.text = None
    glasses.snap()
    assert glasses.view[0] == "Oat drink, Mill"
    assert any(TEXT_LOADING in line for line in glasses.view)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DeadlineError("over"), "The text took too long: press again"),
        (BackendError("out of memory"), "Text failed: out of memory"),
    ],
)
def test_a_runner_that_fails_leaves_the_code_and_names_the_stage(error: Exception, words: str) -> None:
    glasses = Glasses()
    glasses.runner.error = error
    glasses.snap()
    assert glasses.view[0] == "Oat drink, Mill"
    assert any(words in line for line in glasses.view)


def test_slow_text_shows_the_code_within_two_seconds_and_completes_the_card_later() -> None:
    glasses = Glasses()
    glasses.runner.takes_s = 3.0
    glasses.snap(wait_s=10)
    (_, _), (partial_s, partial), (full_s, full) = glasses.shown
    assert partial_s < 2.0
    assert partial[0] == "Oat drink, Mill"
    assert any("still being read" in line for line in partial)
    assert full_s == pytest.approx(3.1)
    assert "£2.50" in full


def test_nothing_in_time_says_that_it_goes_on() -> None:
    glasses = Glasses()
    glasses.codes = FakeCodes()
    glasses.runner.takes_s = 3.0
    glasses.snap(wait_s=10)
    assert [lines[0] for _, lines in glasses.shown] == ["Looking…", "Still reading…", "Name not read"]


def test_a_snap_saved_before_it_was_complete_is_saved_again_and_forgotten_whole() -> None:
    glasses = Glasses()
    glasses.runner.takes_s = 3.0
    glasses.snap("save", "save", "save", "forget", wait_s=2.5)
    assert isinstance(glasses.store, FakeStore)
    assert glasses.store.calls == ["save", "save", "forget", "forget"]
    assert glasses.store.kept == {}


def test_forget_while_it_reads_ends_the_snap() -> None:
    glasses = Glasses()
    glasses.runner.takes_s = 3.0
    glasses.snap("forget", wait_s=2.5)
    assert glasses.view == ["Forgotten"]
    glasses = Glasses()
    glasses.snap("forget", wait_s=0.2)
    assert glasses.view == ["Forgotten"]


def test_text_that_never_comes_is_given_up_and_that_is_said() -> None:
    glasses = Glasses()
    glasses.runner.takes_s = 60.0
    glasses.snap(wait_s=10)
    assert any("The text took too long" in line for line in glasses.view)
    assert glasses.shown[-1][0] == pytest.approx(6.0)


def test_the_codes_reader_is_told_when_time_is_over() -> None:
    glasses = Glasses()
    codes = FakeCodes(FakeCode())
    glasses.codes = codes
    glasses.snap(wait_s=0.5)
    assert not codes.expired()
    glasses.clock.advance(2.0)
    assert codes.expired()


def test_a_missing_or_broken_catalogue_is_said_and_the_label_is_read() -> None:
    for catalogue, words in ((None, "No catalogue yet"), (FailingCatalogue(), "The catalogue can't be read")):
        glasses = Glasses()
        glasses.catalogue = catalogue
        glasses.snap()
        assert any(words in line for line in glasses.view)
        assert "£2.50" in glasses.view


def test_a_surprise_is_shown_and_goes_up_to_the_supervisor() -> None:
    glasses = Glasses()
    glasses.codes = FakeCodes(error=ZeroDivisionError())
    with pytest.raises(ExceptionGroup) as caught:
        glasses.snap()
    assert caught.group_contains(ZeroDivisionError)
    assert glasses.view == ["The snap failed: press again"]


def test_next_turns_the_pages_round() -> None:
    glasses = Glasses()
    glasses.snap("next", "next", "next", "next")
    titles = [lines[0] for _, lines in glasses.shown[1:]]
    assert titles == ["Oat drink, Mill", "Allergens", "Ingredients", "Text as read", "Oat drink, Mill"]


def test_follow_ups_without_a_snap_say_so() -> None:
    for action in ("next", "save", "forget"):
        glasses = Glasses()

        async def script(glasses: Glasses = glasses, action: str = action) -> None:
            glasses.ask(action)
            await glasses.clock.sleep(0.1)

        glasses.play(script)
        assert len(glasses.shown) == 1
        assert isinstance(glasses.store, FakeStore)
        assert glasses.store.calls == []


def test_nothing_is_stored_that_was_not_asked_for() -> None:
    glasses = Glasses()
    glasses.snap("next", "next", "snap", "snap picture", "next")
    assert isinstance(glasses.store, FakeStore)
    assert glasses.store.calls == []


def test_saving_keeps_what_was_read_but_no_picture() -> None:
    glasses = Glasses()
    glasses.snap("save")
    assert isinstance(glasses.store, FakeStore)
    ((title, record, kept),) = glasses.store.kept.values()
    assert title == "Oat drink, Mill"
    assert json.loads(record)["fields"]["price"]["value"] == 2.5
    assert kept is None
    assert glasses.view[-1] == "Saved"


def test_the_picture_is_kept_only_when_the_wearer_asked_for_it() -> None:
    glasses = Glasses()
    glasses.play(_script(glasses, ("snap", "picture"), ("save", "")))
    assert isinstance(glasses.store, FakeStore)
    ((_, _, kept),) = glasses.store.kept.values()
    assert kept is not None
    assert kept[:3] == b"\xff\xd8\xff"
    assert glasses.view[-1] == "Saved with its picture"


def _script(glasses: Glasses, *requests: tuple[str, str]) -> Callable[[], Awaitable[None]]:
    async def script() -> None:
        for action, argument in requests:
            glasses.ask(action, argument)
            await glasses.clock.sleep(3.0)

    return script


def test_saved_is_said_only_after_the_commit() -> None:
    glasses = Glasses()

    class Watching(FakeStore):
        def save_snap(self, title: str, json: str, picture: bytes | None = None) -> int:
            assert not any("Saved" in lines[-1] for _, lines in glasses.shown), "said before it was stored"
            return super().save_snap(title, json, picture)

    glasses.store = Watching()
    glasses.snap("save")
    assert glasses.view[-1] == "Saved"


def test_a_full_disk_is_said_and_not_called_saved() -> None:
    glasses = Glasses()
    glasses.store = FakeStore(DiskFullError("Storage is full. Nothing was saved"))
    glasses.snap("save")
    assert glasses.view[-1] == "Storage is full. Nothing was saved"
    glasses.snap("next")
    assert glasses.view[0] == "Allergens", "and the glasses go on"


def test_saving_twice_keeps_one() -> None:
    glasses = Glasses()
    glasses.snap("save", "save")
    assert isinstance(glasses.store, FakeStore)
    assert glasses.store.calls == ["save"]


def test_forget_deletes_what_was_saved_and_what_is_in_view() -> None:
    glasses = Glasses()
    glasses.snap("save", "forget", "save")
    assert isinstance(glasses.store, FakeStore)
    assert glasses.store.kept == {}
    assert glasses.store.calls == ["save", "forget"]
    assert [lines for _, lines in glasses.shown[-2:]] == [
        ["Forgotten"],
        ["Nothing to save: press the shutter first"],
    ]


def test_a_snap_that_can_not_be_forgotten_says_so_and_stays() -> None:
    glasses = Glasses()
    glasses.store = store = FakeStore()

    async def script() -> None:
        await _script(glasses, ("snap", ""), ("save", ""))()
        store.error = StoreError("the disk is read-only")
        await _script(glasses, ("forget", ""))()

    glasses.play(script)
    assert glasses.view[-1] == "Not forgotten: the disk is read-only"
    assert len(store.kept) == 1


def test_a_press_while_the_picture_is_taken_means_the_same_snap() -> None:
    glasses = Glasses()

    async def script() -> None:
        glasses.ask("snap")
        await glasses.clock.sleep(0.05)
        glasses.ask("snap")
        await glasses.clock.sleep(3.0)

    glasses.play(script)
    assert glasses.sight.bursts == 1
    assert len(glasses.shown) == 2


def test_a_press_while_it_reads_begins_anew() -> None:
    glasses = Glasses()
    first = FakeCodes(FakeCode("2000000000015"))
    glasses.codes = first

    async def script() -> None:
        glasses.ask("snap")
        await glasses.clock.sleep(0.2)
        glasses.codes = FakeCodes(FakeCode())
        glasses.ask("snap")
        await glasses.clock.sleep(0.01)
        assert first.expired(), "the old readers are told to give up"
        await glasses.clock.sleep(3.0)

    glasses.play(script)
    assert glasses.sight.bursts == 2
    assert [lines[0] for _, lines in glasses.shown] == ["Looking…", "Looking…", "Oat drink, Mill"]


def test_no_frame_outlives_its_card() -> None:
    glasses = Glasses()
    frames: list[weakref.ref[Image]] = []

    class Watched(FakeSight):
        async def burst(self, n: int) -> list[Frame]:
            await self.clock.sleep(0.1)
            images = [picture(i) for i in range(n)]
            frames.extend(weakref.ref(image) for image in images)
            return [Frame(0, image, i) for i, image in enumerate(images)]

    class Forgetful(FakeCodes):
        def read(self, images: object, *, expired: object) -> tuple[FakeCode]:
            return (FakeCode(),)

    glasses.sight, glasses.codes = Watched(glasses.clock), Forgetful()

    async def script() -> None:
        glasses.ask("snap")
        await glasses.clock.sleep(3.0)
        gc.collect()
        assert glasses.view[0] == "Oat drink, Mill"
        assert len(frames) == 3
        assert [frame() for frame in frames] == [None, None, None]

    glasses.play(script)


def test_the_models_words_come_in_below_and_replace_nothing() -> None:
    glasses = Glasses()
    glasses.answerer = FakeAnswerer(glasses.clock, "A drink", " for £9")
    glasses.snap()
    card = glasses.shown[1][1]
    assert glasses.shown[2][1] == [*card, "The model says (not read):", "A drink"]
    assert glasses.view == [*card, "The model says (not read):", "A drink for £9"]
    assert glasses.answerer.facts["price"] == 2.5


def test_the_model_looks_at_the_label_that_was_read_and_no_further() -> None:
    glasses = Glasses()
    glasses.answerer = FakeAnswerer(glasses.clock, "A drink")
    glasses.sight = FakeSight(glasses.clock, size=400)
    glasses.codes = FakeCodes(FakeCode(box=((150, 220), (250, 220), (250, 260), (150, 260))))
    glasses.text = FakeText([line("£2.50", 160, 150), line("Contains: oats", 120, 190)])
    glasses.snap()
    assert glasses.answerer.picture.shape == (190, 234, 3)
    assert glasses.answerer.pixels == 190 * 234


def test_a_model_that_fails_leaves_the_card() -> None:
    glasses = Glasses()
    glasses.answerer = FakeAnswerer(glasses.clock, error=BackendError("out of memory"))
    glasses.snap()
    assert glasses.view == [*glasses.shown[1][1], "The model gave no answer: out of memory"]


def test_the_model_does_not_turn_the_page_back() -> None:
    glasses = Glasses()
    glasses.answerer = FakeAnswerer(glasses.clock, *["word "] * 20)

    async def script() -> None:
        glasses.ask("snap")
        await glasses.clock.sleep(1.0)
        glasses.ask("next")
        await glasses.clock.sleep(5.0)
        assert glasses.view[0] == "Allergens"
        glasses.ask("next")
        glasses.ask("next")
        glasses.ask("next")
        await glasses.clock.sleep(0.1)
        assert glasses.view[-1] == "word " * 20

    glasses.play(script)


def test_many_snaps_leave_no_frame_behind() -> None:
    glasses = Glasses()
    glasses.snap(*["snap"] * 20, wait_s=2.0)
    gc.collect()
    frames = [o for o in gc.get_objects() if isinstance(o, Frame)]
    assert frames == []


def test_with_the_real_store_a_full_disk_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    glasses = Glasses()
    log = make_logger(glasses.clock, LogRing())
    with Store(tmp_path / "browline.db", glasses.clock, log) as store:
        glasses.store = store

        async def script() -> None:
            await _script(glasses, ("snap", "picture"), ("save", ""), ("snap", ""))()
            store.limit_disk("full")
            await _script(glasses, ("save", ""))()
            assert "Nothing was saved" in glasses.view[-1]
            store.limit_disk(None)
            assert [(snap.title, snap.picture) for snap in store.snaps()] == [("Oat drink, Mill", True)]
            await _script(glasses, ("save", ""), ("forget", ""))()
            assert [snap.id for snap in store.snaps()] == [1], "the last one is gone, the first one is kept"

        glasses.play(script)
