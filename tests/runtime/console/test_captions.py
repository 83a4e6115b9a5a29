"""Captions from the console: wishes are kept and told, transcripts listed, found, exported and deleted."""

from __future__ import annotations

from pathlib import Path

from runtime.core.messages import Caption, Card, Line
from runtime.core.topics import CAPTION, CARD, REQUEST
from runtime.features.captions import wishes
from runtime.features.captions.transcripts import Segment
from runtime.features.captions.wishes import Wishes
from runtime.hud.service import CAPTION_S, DARK_AFTER_S
from tests.runtime.console.talk import Talk, talk

SAID = (
    Segment(0, 0.0, 2.5, "我们在北京西站见面。", "zh", "We meet at Beijing West station."),
    Segment(0, 3.0, 4.0, "Is the train fast?", "en"),
)


def heard(t: Talk) -> list[str]:
    """The requests that come from now on."""
    found: list[str] = []
    t.sim.glasses.bus.tap(REQUEST, lambda request: found.append(request.action))
    return found


def keep(t: Talk) -> int:
    transcripts = t.sim.glasses.transcripts
    kept = transcripts.begin()
    for segment in SAID:
        transcripts.add(kept, segment)
    transcripts.end(kept)
    return kept


WISHED = (
    ("on", Wishes(on=True)),
    ("language zh", Wishes(on=True, language="zh")),
    ("translate en", Wishes(on=True, language="zh", translate="en")),
    ("source off", Wishes(on=True, language="zh", translate="en", show_source=False)),
    ("keep on", Wishes(on=True, language="zh", translate="en", show_source=False, keep=True)),
)


def test_a_wish_is_kept_and_then_told_to_the_feature() -> None:
    async def story(t: Talk) -> None:
        kept: list[Wishes] = []
        store = t.sim.glasses.store
        t.sim.glasses.bus.tap(
            REQUEST, lambda one: kept.append(wishes.read(store)) if one.action == wishes.ACTION else None
        )
        for line, wished in WISHED:
            await t.text(f"captions {line}")
            assert kept[-1] == wished, "it is in the store before the feature is asked"
        for line in ("off", "language auto", "translate off", "source on", "keep off"):
            await t.text(f"captions {line}")
        assert kept[-1] == Wishes()
        store.set("captions.language", "klingon")
        store.set("captions.translate", 7)
        assert wishes.read(store) == Wishes(), "what makes no sense is the default"

    talk(story)


def test_what_nobody_knows_is_refused_and_changes_nothing() -> None:
    async def story(t: Talk) -> None:
        told = heard(t)
        assert "there is no language 'klingon'" in await t.refused("captions language klingon")
        assert 'Did you mean "on"?' in await t.refused("captions onn")
        assert "on or off is missing" in await t.refused("captions keep")
        assert "one word too many" in await t.refused("captions on now")
        assert "0.5 to 3" in await t.refused("captions size 9")
        assert "is a number of `captions list`" in await t.refused("captions delete it")
        assert "the words to look for are missing" in await t.refused("captions search")
        assert "captions are off: `captions on` first" in await t.refused("captions pause")
        assert told == []
        assert wishes.read(t.sim.glasses.store) == Wishes()

    talk(story)


def test_glasses_that_hear_nothing_say_so() -> None:
    async def story(t: Talk) -> None:
        assert "these glasses have no microphone" in await t.refused("captions on")
        assert not wishes.read(t.sim.glasses.store).on
        await t.text("captions off")

    talk(story, without=("microphone",))


def test_status_tells_what_is_wished_and_what_was_said() -> None:
    async def story(t: Talk) -> None:
        await t.text("captions translate en")
        await t.text("captions keep on")
        await t.text("captions size 1.5")
        t.sim.glasses.bus.publish(CAPTION, Caption("Good morning.\nWhere is", "the train", mark="paused"))
        answer = await t.ask("captions")
        assert answer["data"]["last"] == "Where is the train"
        assert (answer["data"]["translate"], answer["data"]["keep"], answer["data"]["mark"]) == (
            "en",
            True,
            "paused",
        )
        for words in (
            "off (paused)",
            "en, source above",
            "1.5",
            "`captions keep off` ends it",
            "Where is the train",
        ):
            assert words in answer["text"]
        await t.text("captions source off")
        assert "source above" not in await t.text("captions status")

    talk(story)


def test_rewind_and_pause_answer_with_what_the_wearer_sees() -> None:
    async def story(t: Talk) -> None:
        glasses = t.sim.glasses
        other = Card("snap", (Line("another"),), ttl_s=1.0)
        glasses.bus.tap(
            REQUEST, lambda one: glasses.bus.publish(CARD, other) if one.action == wishes.REWIND else None
        )
        assert await t.text("captions rewind") == "Nothing was said lately"
        await t.text("captions on")
        await t.sim.sleep(0.5)
        assert await t.text("captions pause") == "paused"
        await t.sim.sleep(CAPTION_S + DARK_AFTER_S)
        assert not t.sim.seen.any(), "a mark alone does not keep the display on"
        t.sim.world.press("touch", "hold")
        await t.sim.sleep(0.5)
        said = glasses.bus.latest(CAPTION)
        assert said is not None and not said.mark, "a touch that holds goes on, in the dark too"
        assert await t.text("captions pause") == "paused"
        assert await t.text("captions pause") == "going on"

    talk(story)


def test_a_feature_that_is_gone_is_told() -> None:
    async def story(t: Talk) -> None:
        await t.sim.glasses.supervisor.stop()
        assert "no answer within 2 s: see `captions`" in await t.refused("captions rewind")

    talk(story)


def test_transcripts_are_listed_found_exported_and_deleted(tmp_path: Path) -> None:
    async def story(t: Talk) -> None:
        assert "`captions keep on`" in await t.text("captions list")
        assert await t.text("captions search train") == "nowhere"
        kept = keep(t)
        listed = await t.ask("captions list")
        assert listed["data"][0]["segments"] == 2 and "We meet at Beijing" in listed["text"]
        assert "Is the train fast?" in await t.text("captions search train")
        assert (await t.ask("captions search 北京西站"))["data"][0]["transcript_id"] == kept
        for form, begins in (
            ("text", "0:00:00  We meet"),
            ("srt", "1\n00:00:00,000 -->"),
            ("vtt", "WEBVTT\n"),
        ):
            await t.text(f"captions export {kept} {form} {tmp_path}/a.{form}")
            assert (tmp_path / f"a.{form}").read_text("utf-8").startswith(begins)
        assert "form of file" in await t.refused(f"captions export {kept} docx {tmp_path}/a.docx")
        assert "there is no transcript 9" in await t.refused(f"captions export 9 srt {tmp_path}/b.srt")
        assert "choose another file" in await t.refused(f"captions export {kept} srt /nowhere/at/all.srt")
        assert "deleted for good" in await t.text(f"captions delete {kept}")
        assert not (await t.ask(f"captions delete {kept}"))["data"]["deleted"]
        assert not (tmp_path / "b.srt").exists()

    talk(story)


def test_a_full_disk_is_told() -> None:
    async def story(t: Talk) -> None:
        kept = keep(t)
        await t.text("fault disk full")
        assert "Storage is full" in await t.refused("captions keep on")
        assert not wishes.read(t.sim.glasses.store).keep
        assert "deleted for good" in await t.text(f"captions delete {kept}")
        await t.text("fault clear")
        await t.text("captions keep on")

    talk(story)


def test_tab_completes_forms_languages_and_kinds_of_file() -> None:
    async def story(t: Talk) -> None:
        complete = t.shell._complete
        assert complete("captions la") == ["language"]
        assert complete("captions language au") == ["auto"]
        assert complete("captions translate o") == ["off", "oc"]
        assert complete("captions keep ") == ["on", "off"]
        assert complete("captions export 3 v") == ["vtt"]
        assert complete("captions delete ") == complete("captions on ") == []

    talk(story)


def test_lat_splits_a_caption_by_its_stages() -> None:
    async def story(t: Talk) -> None:
        tracer = t.sim.glasses.tracer
        for stage in ("vad", "mel", "encoder", "decoder", "commit"):
            with tracer.span(f"captions.{stage}"):
                await t.sim.sleep(0.01)
        t.sim.glasses.bus.publish(CAPTION, Caption("Good morning.", t_ns=t.sim.clock.now_ns()))
        await t.sim.sleep(0.1)
        stages = [row["name"] for row in (await t.ask("lat captions"))["data"]]
        assert set(stages) == {
            f"captions.{s}" for s in ("vad", "mel", "encoder", "decoder", "commit", "draw", "pixel")
        }
        assert stages[:5] == [f"captions.{s}" for s in ("vad", "mel", "encoder", "decoder", "commit")]

    talk(story)
