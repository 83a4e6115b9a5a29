from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from runtime.console.commands import COMMANDS
from tests.runtime.console.talk import Talk, talk


def test_the_whole_tour(tmp_path: Path) -> None:
    async def story(t: Talk) -> None:
        status = await t.ask("status")
        assert status["data"]["faults"] == {}
        assert {part["name"] for part in status["data"]["parts"]} >= {"display", "imu", "light", "snap"}
        assert "capture light off" in status["text"]
        assert "milk" in (await t.text("snap")).lower()
        assert "Saved" in await t.text("snap save")
        assert [snap.picture for snap in t.sim.glasses.store.snaps()] == [False]
        assert "Forgotten" in await t.text("snap forget")
        assert not t.sim.glasses.store.snaps()
        assert "snap.codes" in await t.text("lat snap")
        assert "1280×960" in await t.text("camera")
        assert not t.sim.light_is_on()
        assert "icm42688p" in await t.text("board")
        assert "ppocrv6-tiny" in await t.text("models")
        assert "onnxruntime" in await t.text("version")
        assert "starting" in await t.text("log")
        assert await t.text("log error") == "nothing was logged"
        assert (await t.ask(f"trace save {tmp_path}/t.json"))["ok"]
        assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]
        assert await t.text("trace clear") == "forgotten"
        assert "`snap` or `captions on` first" in await t.text("lat snap")

    talk(story)


def test_top_counts_what_flows() -> None:
    async def story(t: Talk) -> None:
        rates = (await t.ask("top 2"))["data"]
        assert rates["imu"]["rate_hz"] == pytest.approx(100, rel=0.03)
        assert rates["pose"]["rate_hz"] == pytest.approx(100, rel=0.03)
        assert rates["imu"]["age_s"] < 0.1
        assert "60" in await t.refused("top 61")

    talk(story)


def test_the_head_and_the_keys() -> None:
    async def story(t: Talk) -> None:
        await t.sim.sleep(3)  # straight ahead is where the head points in the filter's first three seconds
        before = (await t.ask("imu"))["data"]["yaw"]
        await t.text("look left 20")
        await t.sim.sleep(1.5)
        assert (await t.ask("imu"))["data"]["yaw"] - before == pytest.approx(20, abs=2)
        await t.text("press shutter")
        await t.sim.sleep(3)
        assert "milk" in (await t.text("hud")).lower()
        assert "up, down" in await t.refused("look sideways")
        assert "touch" in await t.refused("press nose")

    talk(story)


def test_the_hud_as_words_characters_and_picture(tmp_path: Path) -> None:
    async def story(t: Talk) -> None:
        await t.sim.sleep(8)
        assert await t.text("hud") == "(dark)"
        assert await t.text("hud ascii") == "(dark)"
        await t.text("snap")
        assert "@" in await t.text("hud ascii 60")
        await t.text(f"hud png {tmp_path}/hud.png")
        with Image.open(tmp_path / "hud.png") as picture:
            assert picture.size == (640, 480)
            assert picture.getextrema()[1] == 255
        assert "choose another" in await t.refused("hud png /nowhere/at/all.png")
        assert "columns" in await t.refused("hud ascii 0")

    talk(story)


def test_settings_are_checked_and_kept() -> None:
    async def story(t: Talk) -> None:
        assert await t.text("set text_size 1.5") == "text_size 1.5"
        assert (await t.ask("set"))["data"]["text_size"] == 1.5
        assert "0.5 to 3" in await t.refused("set text_size 9")
        assert "there is no setting" in await t.refused("set colour green")
        assert t.sim.glasses.store.get("wearer.text_size", float, 0.0) == 1.5

    talk(story)


def test_a_cable_is_pulled_and_put_back() -> None:
    async def story(t: Talk) -> None:
        await t.text("fault imu unplug")
        await t.sim.sleep(5)
        assert (await t.ask("status"))["data"]["faults"] == {"imu": "Head tracking lost. Trying again."}
        assert (await t.ask("fault"))["data"] == {"imu": {"unplug": 1.0}}
        await t.text("fault clear")
        await t.sim.sleep(15)
        assert (await t.ask("status"))["data"]["faults"] == {}
        assert "unplug" in await t.refused("fault imu melt")
        assert "30%" in await t.refused("fault imu nak lots")
        assert "probability" in await t.refused("fault imu nak 300%")

    talk(story)


def test_a_full_disk_is_told_and_mended() -> None:
    async def story(t: Talk) -> None:
        await t.text("snap")
        await t.text("fault disk full")
        assert "Saved" not in await t.text("snap save")
        await t.text("fault clear disk")
        assert "Saved" in await t.text("snap save")

    talk(story)


def test_restart_and_reboot() -> None:
    async def story(t: Talk) -> None:
        await t.text("restart imu")
        await t.sim.sleep(1)
        imu = next(part for part in (await t.ask("status"))["data"]["parts"] if part["name"] == "imu")
        assert (imu["state"], imu["restarts"]) == ("running", 1)
        assert "there are: " in await t.refused("restart everything")
        assert not t.sim.glasses.rebooting
        await t.text("reboot")
        assert t.sim.glasses.rebooting

    talk(story)


def test_nothing_secret_goes_into_a_recording_unless_named(tmp_path: Path) -> None:
    async def story(t: Talk) -> None:
        await t.text(f"record start {tmp_path}/a.mcap")
        assert "a.mcap" in await t.text("record")
        await t.text("snap")
        done = await t.ask("record stop")
        assert done["data"]["dropped"] == 0
        assert done["data"]["messages"] > 30
        await t.text(f"record start {tmp_path}/b.mcap imu camera request")
        await t.text("snap")
        await t.text("record stop")
        assert "already" not in await t.refused("record stop")
        assert "not a recording" in await t.refused(f"replay {__file__}")

    talk(story)
    assert (tmp_path / "a.mcap").stat().st_size < 1_000_000  # a frame alone weighs 3.7 MB
    assert (tmp_path / "b.mcap").stat().st_size > 1_000_000


def test_every_command_has_a_form_that_fits_help() -> None:
    async def story(t: Talk) -> None:
        listed = (await t.ask("help"))["data"]
        for command in COMMANDS:
            assert listed[command.name] == command.text
            assert (await t.text(f"help {command.name}")).startswith(command.name)

    talk(story)
