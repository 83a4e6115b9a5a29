"""``nav``, ``gnss`` and ``heading`` on the console."""

from __future__ import annotations

from pathlib import Path

from runtime.core.messages import Heading, Place
from runtime.core.topics import HEADING, PLACE
from runtime.features.navigate.kept import read_journey, read_server
from tests.runtime.console.talk import Talk, talk
from tests.runtime.features.navigate.routes.samples import START, corner


def test_a_route_is_loaded_followed_and_stopped(tmp_path: Path) -> None:
    path = tmp_path / "corner.json"
    path.write_bytes(corner())

    async def story(t: Talk) -> None:
        store = t.sim.glasses.store
        assert "there is no route" in await t.text("nav")
        assert "there is no route" in await t.refused("nav start")
        assert "corner.json: 0.35 km" in await t.text(f"nav load {path}")
        assert not read_journey(store).on
        await t.text("nav start")
        await t.sim.sleep(0.5)
        assert read_journey(store).on
        t.sim.glasses.bus.publish(PLACE, Place(t.sim.clock.now_ns(), *START, 3.0, 1.4, 0.0))
        await t.sim.sleep(0.5)
        status = await t.ask("nav")
        assert status["data"]["on"] and status["data"]["last"]["event"] == "cue"
        await t.text("nav mute on")
        await t.sim.sleep(0.5)
        assert (await t.ask("nav"))["data"]["muted"]
        await t.text("nav skip")
        await t.text("nav stop")
        await t.sim.sleep(0.5)
        assert not read_journey(store).on

    talk(story)


def test_what_can_not_be_loaded_is_named_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"{")

    async def story(t: Talk) -> None:
        assert "bad.json" in await t.refused(f"nav load {tmp_path}/bad.json")
        assert "gone.gpx" in await t.refused(f"nav load {tmp_path}/gone.gpx")
        assert "the file is missing" in await t.refused("nav load")
        assert 'Did you mean "start"?' in await t.refused("nav strat")
        assert (await t.ask("nav"))["data"] == {"route": None}

    talk(story)


def test_a_server_is_named_and_nonsense_refused() -> None:
    async def story(t: Talk) -> None:
        store = t.sim.glasses.store
        assert "no routing server is named" in await t.refused("nav to 31.2 121.4")
        for nonsense in (
            "localhost",
            "http://[::1",
            "http://a:99999",
            "http://me:secret@a",
            "file:///etc/passwd",
        ):
            assert "no server's address" in await t.refused(f"nav server {nonsense}")
        assert read_server(store) == ""
        await t.text("nav server http://127.0.0.1:1/")
        assert read_server(store) == "http://127.0.0.1:1"
        assert "where you are is not known yet" in await t.refused("nav to 31.2 121.4")
        t.sim.glasses.bus.publish(PLACE, Place(t.sim.clock.now_ns(), *START, 3.0))
        assert "can't be asked" in await t.refused("nav to 31.2 121.4")
        assert "no server is asked" in await t.text("nav server off")

    talk(story)


def test_receiver_and_heading_say_what_they_know() -> None:
    async def story(t: Talk) -> None:
        assert "none yet" in await t.text("gnss")
        assert "not known yet" in await t.text("heading")
        now_ns = t.sim.clock.now_ns()
        t.sim.glasses.bus.publish(PLACE, Place(now_ns, *START, 3.0, source="steps"))
        assert "by steps" in await t.text("gnss")
        t.sim.glasses.bus.publish(HEADING, Heading(now_ns, 91.0, 6.0, 91.0))
        assert "There are: phone" in await t.refused("gnss now")

    talk(story)


def test_glasses_without_the_parts_say_so() -> None:
    async def story(t: Talk) -> None:
        assert "the phone's fixes alone count" in await t.text("gnss")
        assert "these glasses have no IMU" in await t.refused("heading")

    talk(story, without=("gnss", "imu"))
