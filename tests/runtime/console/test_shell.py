from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.console.commands import COMMANDS
from runtime.console.shell import LONGEST_BACKLOG
from tests.glasses.sim import Sim, play
from tests.runtime.console.talk import Talk, talk

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


def typed(*chunks: bytes) -> str:
    """What a person's terminal was sent while ``chunks`` were typed, without its escape codes."""

    async def story(sim: Sim) -> str:
        one = Talk(sim)
        serving = asyncio.create_task(one.shell.run())
        for chunk in chunks:
            one.shell.type(chunk)
            await sim.sleep(0.3)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return ESCAPES.sub(b"", bytes(one.said)).decode()

    return play(story)


def test_tab_completes_commands_and_their_words() -> None:
    assert "capture light off" in typed(b"sta\t\r")
    assert "imu unplug: `fault clear` ends it" in typed(b"fault im\tunp\t\r")
    assert "brownout" in typed(b"fault imu \t\t")


def test_the_arrow_brings_the_last_line_back() -> None:
    assert typed(b"version\r", b"\x1b[A", b"\r").count("onnxruntime") == 2


def test_a_slip_is_mended_with_backspace() -> None:
    assert "onnxruntime" in typed(b"versiin\x7f\x7fon\r")


def test_a_mistyped_command_gets_a_hint() -> None:
    assert 'Did you mean "status"?' in typed(b"stauts\r")


def test_ctrl_c_ends_what_runs_and_what_was_begun() -> None:
    heard = typed(b"log follow\r", b"\x03", b"versi\x03", b"version\r")
    assert heard.count("\nended\r") == 1
    assert heard.count("onnxruntime") == 1


def test_typing_ahead_while_a_command_runs_is_served_after_it() -> None:
    heard = typed(b"top 0.2\r", b"version\r", b"", b"")
    assert heard.index("drops") < heard.index("onnxruntime")


def test_lines_end_as_a_terminal_wants_them() -> None:
    heard = typed(b"help\r")
    assert "\n" not in heard.replace("\r\n", "")


def test_ctrl_d_brings_the_prompt_back_from_json() -> None:
    assert typed(b"json on\r", b"\x04", b"").rstrip().endswith("browline>")


def test_a_program_finds_its_token() -> None:
    async def story(t: Talk) -> None:
        assert (await t.ask("json on 4711"))["data"] == "4711"
        t.said.clear()
        t.shell.type(b"half a line\x03\x15version\r")
        await t.sim.sleep(0.2)
        assert json.loads(bytes(t.said))["ok"]

    talk(story)


def test_what_a_command_says_on_its_way_has_no_ok() -> None:
    async def story(t: Talk) -> None:
        t.said.clear()
        t.shell.type(b"log follow\r")
        await t.sim.sleep(0.5)
        t.shell.type(b"\x03")
        await t.sim.sleep(0.2)
        *on_the_way, last = [json.loads(line) for line in bytes(t.said).split(b"\n") if line]
        assert on_the_way
        assert not any("ok" in said for said in on_the_way)
        assert last == {"text": "ended", "data": None, "ok": False}

    talk(story)


def test_a_flood_is_bounded() -> None:
    async def story(t: Talk) -> None:
        t.shell.type(b"x" * (3 * LONGEST_BACKLOG))
        await t.sim.sleep(0.2)
        t.shell.type(b"\r")
        assert (await t.ask("version"))["ok"] or (await t.ask("version"))["ok"]

    talk(story)


@pytest.mark.parametrize(
    "line", ["'", 'snap "', "version more", "look left left", "set text_size", "\x00", "🕶"]
)
def test_a_line_that_makes_no_sense_says_what_to_type(line: str) -> None:
    async def story(t: Talk) -> None:
        said = await t.refused(line)
        assert "failed" not in said
        assert len(said) > 10

    talk(story)


WORDS = st.sampled_from(
    [command.name for command in COMMANDS if command.name not in ("reboot", "replay", "models")]
)
TAILS = st.lists(
    st.one_of(
        st.text(max_size=8), st.sampled_from(["start", "save", "clear", "imu", "nak", "-1", "nan", "1e999"])
    ),
    max_size=3,
)


def test_any_line_gets_an_answer_and_no_command_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some of the lines name files

    async def story(t: Talk) -> None:
        lines: list[str] = []

        @settings(max_examples=150)
        @given(WORDS, TAILS)
        def gather(word: str, tail: list[str]) -> None:
            lines.append(" ".join([word, *tail]).replace("\n", " ").replace("\r", " "))

        gather()
        for line in lines:
            if any(key in line for key in "\x03\x04\x15") or "follow" in line or line.startswith("top 6"):
                continue
            answer = await t.ask(line)
            assert "the command failed" not in answer["text"], line
            t.sim.world.faults.clear()
        assert (await t.ask("status"))["ok"]

    talk(story)
