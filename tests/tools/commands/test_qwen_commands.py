"""``models build``, ``ask`` and ``chat``, as they are typed."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.bench import tiny_qwen
from tools.cli import main
from tools.commands.chat import pictures_in
from tools.export.build import build


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWLINE_CACHE", str(tmp_path / "cache"))
    return tiny_qwen.draw("qwen3", 2, tmp_path / "tiny")


def test_from_a_checkpoint_to_an_answer(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "build", str(checkpoint)]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("tiny-int8 ")
    assert "browline ask tiny-int8" in told.err
    assert main(["models", "list"]) == 0
    assert "tiny-int8 " in capsys.readouterr().out
    assert main(["ask", "tiny-int8", "hello", "--limit", "9", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["answer_tokens"] == 9
    assert main(["ask", "tiny-int8", "hello", "--limit", "9"]) == 0
    told = capsys.readouterr()
    assert told.out == said["answer"] + "\n"
    assert "--limit gives more" in told.err
    assert main(["models", "remove", "tiny-int8"]) == 0
    assert main(["ask", "tiny-int8", "hello"]) == 1
    assert "none was built yet" in capsys.readouterr().err


def test_an_answer_in_json_of_a_schema(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "elsewhere")
    assert main(["models", "build", str(checkpoint), "--out", target, "--quant", "none"]) == 0
    schema = tmp_path / "schema.json"
    wanted = {
        "type": "object",
        "properties": {"n": {"enum": [1, 2]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    schema.write_text(json.dumps(wanted))
    capsys.readouterr()
    assert main(["ask", target, "how many?", "--json-schema", str(schema), "--limit", "200"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] in (1, 2)
    schema.write_text("{")
    assert main(["ask", target, "how many?", "--json-schema", str(schema)]) == 2
    assert main(["ask", target, "how many?", "--json-schema", str(tmp_path / "none")]) == 2
    assert main(["ask", target, "how many?", "--temperature", "-1"]) == 2
    assert "goes from 0 to 10" in capsys.readouterr().err


def test_a_chat_in_a_pipe_remembers_its_turns(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "build", str(checkpoint)]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n\n/new\nhello\nhello\n/nonsense\n"))
    assert main(["chat", "--limit", "12"]) == 1  # the only model there is; a command that there is not
    told = capsys.readouterr()
    assert main(["ask", "tiny-int8", "hello", "--limit", "12"]) == 0
    first = capsys.readouterr().out
    rest = told.out.removeprefix(first)
    assert rest != told.out
    assert rest.startswith(first)  # the same question, the turns before it forgotten
    assert rest != 2 * first  # and again, with a turn before it
    assert "there is no /nonsense" in told.err


def test_an_adapter_from_its_folder_to_an_answer(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lora = str(tiny_qwen.draw_adapter(checkpoint, 1, tmp_path / "pirate"))
    assert main(["models", "build", str(checkpoint), "--name", "m"]) == 0
    capsys.readouterr()
    assert main(["models", "adapter", "m", lora]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("pirate ")
    assert "browline ask m --adapter pirate" in told.err
    assert main(["models", "list"]) == 0
    assert ":pirate" in capsys.readouterr().out
    said = {}
    for name in ("", "pirate"):
        assert main(["ask", "m", "hello", "--limit", "12", "--adapter", name]) == 0
        said[name] = capsys.readouterr().out
    assert said[""] != said["pirate"]
    lines = "hello\n/new\n/adapter pirate\nhello\n/new\n/adapter none\nhello\n/adapter\n/adapter captain\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["chat", "m", "--limit", "12"]) == 1
    told = capsys.readouterr()
    assert told.out == said[""] + said["pirate"] + said[""]
    assert "adapter: none (there are: pirate)" in told.err
    assert "no adapter 'captain'" in told.err
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n"))
    assert main(["chat", "m", "--limit", "12", "--adapter", "pirate"]) == 0
    assert capsys.readouterr().out == said["pirate"]
    assert main(["models", "remove", "m:pirate"]) == 0
    assert main(["ask", "m", "hello", "--adapter", "pirate"]) == 1
    assert main(["chat", "m", "--adapter", "pirate"]) == 1
    assert main(["models", "remove", "m:pirate"]) == 1
    assert capsys.readouterr().err.count("m has no adapter 'pirate'; `browline models adapter` adds one") == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["adapter", "x", "/nowhere"], "no model"),
        (["build", "/nowhere"], "is not there"),
        (["remove", "x"], "no model"),
    ],
)
def test_what_can_not_be_done_is_said(
    checkpoint: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", *words]) == 1
    assert message in capsys.readouterr().err


@pytest.fixture
def eyes(tmp_path: Path) -> str:
    build(tiny_qwen.draw("qwen2_5_vl", 2, tmp_path / "seeing"), tmp_path / "eyes")
    noise = np.random.default_rng(1).integers(0, 256, (40, 60, 4), dtype=np.uint8)
    Image.fromarray(noise, "RGBA").save(tmp_path / "a b.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "cut.png").write_bytes((tmp_path / "a b.png").read_bytes()[:90])
    return str(tmp_path / "eyes")


def test_a_question_about_a_picture(eyes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(tmp_path / "a b.png")
    assert main(["ask", eyes, picture, picture, "what?", "--limit", "3", "--json"]) == 0
    two = json.loads(capsys.readouterr().out)["prompt_tokens"]
    assert main(["ask", eyes, picture, "what?", "--limit", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["prompt_tokens"] < two


@pytest.mark.parametrize(
    ("name", "message"),
    [("empty.png", "no picture file"), ("cut.png", "damaged"), ("none.png", "No such file")],
)
def test_a_picture_that_cannot_be_read_is_named(
    eyes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert main(["ask", eyes, str(tmp_path / name), "what?"]) == 2
    told = capsys.readouterr().err
    assert name in told
    assert message in told


def test_chat_takes_a_path_in_a_line_for_a_picture(
    eyes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = f"'{tmp_path}/a b.png' what is it?\nand why?\n{tmp_path}/cut.png?\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["chat", eyes, "--limit", "3"]) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) >= 2
    assert "cut.png: the picture is damaged" in told.err


@pytest.mark.parametrize("form", ["{}", "'{}'", '"{}"'])
def test_paths_are_found_as_terminals_write_them(eyes: str, tmp_path: Path, form: str) -> None:
    path = str(tmp_path / "a b.png")
    typed = form.format(path.replace(" ", "\\ ") if form == "{}" else path)
    assert pictures_in(f"look: {typed}  what is it?") == ([Path(path)], "look: what is it?")
    assert pictures_in("it's  as it was") == ([], "it's  as it was")


def test_a_data_uri_in_a_chats_line_is_a_picture(
    eyes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = "data:image/png;base64," + base64.b64encode((tmp_path / "a b.png").read_bytes()).decode()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{uri} what is it?\n{uri[:90]} and this?\n"))
    assert main(["chat", eyes, "--limit", "3"]) == 1
    told = capsys.readouterr()
    assert "damaged" in told.err
    assert told.out


def test_options_may_stand_between_the_pictures(
    eyes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = str(tmp_path / "a b.png")
    assert main(["ask", eyes, picture, "--limit", "3", "--json", "what?"]) == 0
    between = capsys.readouterr().out
    assert main(["ask", eyes, picture, "what?", "--limit", "3", "--json"]) == 0
    assert capsys.readouterr().out == between


@pytest.mark.parametrize(
    ("question", "given", "message"),
    [
        ("-", b"", "it is empty"),
        (" ", b"", "it is empty"),
        ("-", b"\xff\xfe\x00caf\xe9", "no UTF-8"),
        ("caf\udce9", b"", "no UTF-8"),
    ],
)
def test_what_is_no_question_is_said(
    question: str,
    given: bytes,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
    assert main(["ask", "any", question]) == 2
    assert message in capsys.readouterr().err


def test_a_question_is_read_from_a_pipe(
    eyes: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("what?\n"))
    assert main(["ask", eyes, "-", "--limit", "3"]) == 0
    piped = capsys.readouterr().out
    assert main(["ask", eyes, "what?", "--limit", "3"]) == 0
    assert capsys.readouterr().out == piped


def run(*words: str, out: int | None, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """``browline`` in a process of its own, as a shell starts it."""
    return subprocess.run(
        [sys.executable, "-m", "tools.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": f"{encoding}:strict"},
        check=False,
    )


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_who_has_had_enough_is_left_in_peace(eyes: str, form: list[str]) -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    done = run("ask", eyes, "hello", "--limit", "40", *form, out=ours)
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_disk_behind_the_pipe_is_one_line(eyes: str, form: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = run("ask", eyes, "hello", "--limit", "5", *form, out=full.fileno())
    assert done.returncode == 2
    assert done.stderr == "browline: standard output: No space left on device; choose another place\n"


def test_what_the_output_has_no_letters_for_becomes_a_question_mark(eyes: str, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        done = run("ask", eyes, "hello", "--limit", "20", out=out.fileno(), encoding="ascii")
    assert done.returncode == 0
    assert (tmp_path / "out").read_bytes().isascii()
    assert b"?" in (tmp_path / "out").read_bytes()


def test_bytes_that_are_no_text_do_no_harm(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "build", str(checkpoint)]) == 0
    typed = b"\xff\xfe hi".decode("utf-8", "surrogateescape")  # as Python hands over arguments and pipes
    assert main(["ask", "tiny-int8", "hi", "--system", typed, "--limit", "3"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
    assert main(["chat", "tiny-int8", "--limit", "3"]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_a_schema_that_is_too_deep_is_named(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert main(["ask", "tiny-int8", "hi", "--json-schema", str(tmp_path / "deep.json")]) == 2
    assert "deep.json can't be read as JSON" in capsys.readouterr().err
