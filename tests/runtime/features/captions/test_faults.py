"""Whatever fails, captions go on or come back by themselves, and what is settled stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.base import DeviceLostError
from models.base import BackendError
from models.speech.choice import MISSING, NoSpeechModelError
from runtime.core.clock import NS
from runtime.features.captions import keeping, wishes
from runtime.features.captions.conversation import MOST_WAITING_S
from runtime.features.captions.feature import FAILED
from runtime.sense.hearing.service import LOST
from tests.runtime.features.captions.scripted import BOOK
from tests.runtime.features.captions.stage import Stage

TEXTS = tuple(BOOK)


def stage(folder: Path, *, every_s: float = 5.0) -> Stage:
    return Stage(folder, *TEXTS, every_s=every_s, book=BOOK)


def test_an_unplugged_microphone_costs_no_settled_word(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True)
        await one.clock.sleep(2.0)
        settled = one.witness.committed
        assert settled
        one.card.lost = DeviceLostError("the microphone is gone: check its cable")
        await one.clock.sleep(3.0)
        assert one.witness.committed.startswith(settled) and not one.rig.lamp.lit
        one.card.lost = None
        await one.clock.sleep(15.0)
        assert one.witness.lines == [LOST, "Microphone works again."]
        assert one.witness.committed.startswith("we walk") and "then we" in one.witness.committed

    one.run(story)


def test_overruns_cut_a_stretch_and_captions_go_on(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True)
        for _ in range(3):
            await one.clock.sleep(0.9)
            one.card.lose(0.2)
        await one.clock.sleep(9.0)
        assert one.witness.committed.count("\n") >= 1 and "thank you" in one.witness.committed

    one.run(story)
    assert one.witness.lines == []


@pytest.mark.parametrize("seconds", [2.0, -2.0])
def test_a_card_whose_clock_jumps_changes_no_settled_word(tmp_path: Path, seconds: float) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True)
        await one.clock.sleep(7.0)
        one.card.ahead_ns = round(seconds * NS)
        await one.clock.sleep(10.0)
        assert "we walk" in one.witness.committed and "then we turn left" in one.witness.committed
        times = [caption.t_ns for caption in one.witness.captions if caption.committed]
        assert times == sorted(times)

    one.run(story)
    assert one.witness.lines == []


def test_captions_wait_for_a_model_that_is_not_there(tmp_path: Path) -> None:
    one = stage(tmp_path)
    one.witness.may_be_emptied = True

    async def story() -> None:
        one.speech.absent = NoSpeechModelError(MISSING)
        one.wish(on=True)
        await one.clock.sleep(20.0)
        assert one.witness.lines == [MISSING] and not one.rig.lamp.lit
        one.speech.absent = None
        await one.clock.sleep(10.0)
        assert one.witness.lines == [MISSING, "Captions work again."] and one.witness.committed
        one.wish(on=False)
        await one.clock.sleep(1.0)
        assert one.is_quiet()

    one.run(story)


def test_a_model_that_fails_in_the_middle_of_a_stretch_comes_back_to_it(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True, keep=True)
        await one.clock.sleep(2.5)
        settled = one.witness.committed
        assert settled.startswith("we w")
        one.speech.failing = BackendError("/root/models/encoder.onnx: Non-zero status code")
        await one.clock.sleep(4.0)
        assert one.witness.committed == settled and one.rig.lamp.lit
        one.speech.failing = None
        await one.clock.sleep(12.0)
        assert one.witness.lines == [FAILED, "Captions work again."]
        assert one.witness.committed.startswith(settled)
        assert one.kept()[0].source.startswith(settled)

    one.run(story)


def test_what_was_settled_of_a_stretch_that_had_to_be_given_up_is_kept(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True, keep=True)
        await one.clock.sleep(2.5)
        settled = one.witness.committed
        one.speech.failing = BackendError("gone")
        await one.clock.sleep(2 * MOST_WAITING_S)
        assert one.witness.committed == settled, "the page stands while nothing new comes"
        one.speech.failing = None
        await one.clock.sleep(10.0)
        assert one.kept()[0].source == settled

    one.run(story)


def test_a_bug_in_the_model_restarts_the_feature_which_goes_on_behind_what_is_shown(tmp_path: Path) -> None:
    one = stage(tmp_path)
    one.witness.may_be_emptied = True

    async def story() -> None:
        one.wish(on=True, keep=True)
        await one.clock.sleep(6.5)
        settled = one.witness.committed
        one.speech.failing = ZeroDivisionError("float division by zero")
        await one.clock.sleep(0.5)
        one.speech.failing = None
        await one.clock.sleep(12.0)
        assert one.witness.committed.startswith(settled) and len(one.witness.committed) > len(settled) + 20
        assert one.witness.lines == ["Captions are restarting", "Captions work again."]
        assert "we walk" in await one.looked_back()
        one.wish(on=False)
        await one.clock.sleep(1.0)
        assert one.is_quiet()
        kept = " ".join(segment.source for segment in one.kept())
        assert settled.replace("\n", " ") in kept.replace("  ", " ")

    one.run(story)


def test_what_is_paused_stays_paused_when_the_feature_is_restarted(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True)
        await one.clock.sleep(6.0)
        one.ask(wishes.PAUSE)
        await one.clock.sleep(0.5)
        shown = one.witness.captions[-1]
        one.rig.supervisor.restart(wishes.KEY)
        await one.clock.sleep(5.0)
        assert one.witness.captions[-1] == shown and shown.mark == "paused"
        assert one.is_quiet()
        one.ask(wishes.PAUSE)
        await one.clock.sleep(6.0)
        assert one.witness.captions[-1].mark == "" and one.witness.committed.startswith(shown.committed)

    one.run(story)


def test_captions_that_were_turned_off_while_the_feature_was_down_stay_off_the_page(tmp_path: Path) -> None:
    one = stage(tmp_path)
    one.witness.may_be_emptied = True

    async def story() -> None:
        one.wish(on=True)
        await one.clock.sleep(4.0)
        assert one.witness.committed
        one.store.set(wishes.setting("on"), False)
        one.rig.supervisor.restart(wishes.KEY)
        await one.clock.sleep(1.0)
        assert one.is_quiet() and one.witness.committed == ""
        one.wish(on=True)
        await one.clock.sleep(0.1)
        assert one.witness.committed == ""

    one.run(story)


@pytest.mark.parametrize("way", ["hang", "crash", "nonsense", "stream nonsense"])
def test_what_a_bad_translator_makes_is_shown_as_it_was_said(tmp_path: Path, way: str) -> None:
    one = stage(tmp_path, every_s=8.0)

    async def story() -> None:
        one.translator.way = way  # type: ignore[assignment]
        one.wish(on=True, translate="de", keep=True)
        await one.clock.sleep(14.0)
        assert one.witness.committed.startswith(f"[en] {TEXTS[0]}")
        one.translator.way = "good"
        await one.clock.sleep(12.0)
        last = one.witness.committed.split("\n")[-1]
        assert last in BOOK.values(), "it is asked again with the next sentence"
        assert [segment.source for segment in one.kept()][:2] == list(TEXTS[:2])
        assert one.kept()[0].translation == ""

    one.run(story)
    assert one.witness.lines == []
    assert not any("1984" in caption.committed for caption in one.witness.captions)


@pytest.mark.parametrize("how", ["off", "pause", "stop"])
def test_what_waits_for_a_translation_when_captions_end_is_not_lost(tmp_path: Path, how: str) -> None:
    one = stage(tmp_path, every_s=8.0)

    async def story() -> None:
        one.translator.way = "hang"
        one.wish(on=True, translate="de", keep=True)
        await one.clock.sleep(4.5)
        if how == "off":
            one.wish(on=False)
        elif how == "pause":
            one.ask(wishes.PAUSE)
        else:
            await one.rig.supervisor.stop()
        await one.clock.sleep(0.5)
        assert one.is_quiet()
        assert [segment.source for segment in one.kept()] == [TEXTS[0]]
        assert one.witness.committed == ("" if how == "off" else f"[en] {TEXTS[0]}")

    one.witness.may_be_emptied = how == "off"
    one.run(story)


def test_pausing_or_turning_off_in_mid_word_lets_go_of_everything(tmp_path: Path) -> None:
    one = stage(tmp_path)
    one.witness.may_be_emptied = True

    async def story() -> None:
        one.ask(wishes.PAUSE)  # while they are off it means nothing
        one.wish(on=True, keep=True)
        await one.clock.sleep(2.5)
        assert one.rig.lamp.lit
        one.ask(wishes.PAUSE)
        await one.clock.sleep(0.2)
        paused = one.witness.captions[-1]
        assert one.is_quiet() and (paused.mark, paused.tentative) == ("paused", "")
        assert paused.committed.startswith("we walk")
        await one.clock.sleep(5.0)
        assert one.witness.captions[-1] == paused
        one.ask(wishes.PAUSE)
        await one.clock.sleep(4.0)
        assert one.witness.committed.startswith(paused.committed)
        one.ask(wishes.PAUSE)
        one.wish(on=False)
        await one.clock.sleep(0.2)
        assert one.is_quiet() and one.witness.committed == ""
        assert "we walk" not in await one.looked_back(), "off: what was said is forgotten"
        one.wish(on=True)
        await one.clock.sleep(6.0)
        assert one.rig.lamp.lit and one.witness.captions[-1].mark == "" and one.witness.committed
        assert one.kept()[0].source == paused.committed

    one.run(story)


def test_turned_off_while_the_model_is_opened_or_understands_nothing_is_told(tmp_path: Path) -> None:
    one = stage(tmp_path)
    one.witness.may_be_emptied = True

    async def story() -> None:
        for pause_s in (0.05, 0.1, 0.15, 0.7, 0.8, 0.9, 1.0, 1.05, 1.1):
            one.wish(on=True)
            await one.clock.sleep(pause_s)
            one.wish(on=False)
            shown = len(one.witness.captions)
            await one.clock.sleep(0.3)
            assert one.is_quiet()
            assert all(not (c.committed or c.tentative) for c in one.witness.captions[shown:])

    one.run(story)
    assert one.witness.lines == []


def test_wishes_that_need_no_other_conversation_leave_the_one_that_runs(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True)
        await one.clock.sleep(1.5)
        one.wish(keep=True)
        await one.clock.sleep(0.5)
        one.wish(show_source=False)
        await one.clock.sleep(3.0)
        assert one.witness.committed == TEXTS[0] and one.speech.opened_times == 1
        one.wish(language="zh")
        await one.clock.sleep(3.0)
        assert one.speech.opened_times == 2

    one.run(story)


def test_what_is_forgotten_in_the_middle_of_a_sentence_does_not_come_back_with_its_end(
    tmp_path: Path,
) -> None:
    one = stage(tmp_path)
    one.witness.may_be_emptied = True

    async def story() -> None:
        one.wish(on=True)
        await one.clock.sleep(2.5)
        assert one.witness.committed.startswith("we walk")
        one.ask("forget")
        await one.clock.sleep(2.0)
        assert one.witness.committed.endswith("shelf") and "we walk" not in one.witness.committed
        assert one.witness.committed == one.witness.committed.strip()
        page = await one.looked_back()
        assert "shelf" in page and "we walk" not in page

    one.run(story)


def test_what_is_forgotten_does_not_come_back_translated(tmp_path: Path) -> None:
    one = stage(tmp_path, every_s=8.0)
    one.witness.may_be_emptied = True

    async def story() -> None:
        one.wish(on=True, translate="de", keep=True)
        await one.clock.sleep(4.6)
        assert one.witness.captions[-1].tentative.startswith("Wir")
        one.ask("forget")
        shown = len(one.witness.captions)
        await one.clock.sleep(3.0)
        assert not any(c.committed or c.tentative for c in one.witness.captions[shown:])
        assert "Wir gehen" not in await one.looked_back()
        assert one.kept()[0].translation == BOOK[TEXTS[0]], "the transcript was asked for, and is whole"
        await one.clock.sleep(6.0)
        assert one.witness.committed.endswith(BOOK[TEXTS[1]])

    one.run(story)


@pytest.mark.parametrize(("kind", "line"), [("full", keeping.FULL), ("readonly", keeping.SEALED)])
def test_what_a_full_or_read_only_disk_refuses_is_kept_when_it_takes_it(
    tmp_path: Path, kind: str, line: str
) -> None:
    one = stage(tmp_path)

    async def story() -> None:
        one.wish(on=True, keep=True)
        await one.clock.sleep(4.5)
        one.transcripts.limit_disk("full" if kind == "full" else "readonly")
        await one.clock.sleep(10.0)
        assert one.witness.lines == [line]
        assert TEXTS[2] in one.witness.committed, "captions go on"
        one.transcripts.limit_disk(None)
        await one.clock.sleep(6.0)
        assert [segment.source for segment in one.kept()][:3] == list(TEXTS[:3])
        assert one.witness.lines == [line, "Transcript works again."]
        (kept,) = one.transcripts.newest()
        one.transcripts.delete(kept.id)
        await one.clock.sleep(5.0)
        assert [segment.source for segment in one.kept()] == [TEXTS[4]], (
            "what follows a deletion is another one"
        )

    one.run(story)


def test_the_ledger_splits_a_caption_by_its_stages(tmp_path: Path) -> None:
    one = stage(tmp_path)

    async def story() -> list[str]:
        one.wish(on=True)
        await one.clock.sleep(6.0)
        return [stage.name for stage in one.tracer.ledger("captions")]

    names = one.run(story)
    assert {f"captions.{part}" for part in ("vad", "mel", "encoder", "decoder", "commit", "lag")} == set(
        names
    )
