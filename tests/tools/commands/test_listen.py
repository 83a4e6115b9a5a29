"""``browline listen`` with a stand-in for arecord, which plays a sound file in real time, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).parents[3]
CLIP = "zh_aishell_BAC009S0724W0121.wav"
RECORDER = """#!{python}
import sys, time
assert sys.argv[1:7] == ["-t", "raw", "-f", "S16_LE", "-D", "{device}"], sys.argv
data = open("{raw}", "rb").read()
for start in range(0, len(data), 3200):
    sys.stdout.buffer.write(data[start : start + 3200])
    sys.stdout.flush()
    time.sleep(0.1)
{after}
"""


@pytest.fixture
def recorder(
    tmp_path: Path, fixtures: Path, whisper_base: Path, model_files: Callable[[str], object]
) -> Callable[..., subprocess.Popen[str]]:
    """Starts ``listen`` on a microphone that hears the clip, then silence, or whatever ``after`` does."""
    model_files("silero-vad")

    def start(*words: str, after: str = "time.sleep(60)") -> subprocess.Popen[str]:
        sound, rate = soundfile.read(fixtures / "speech" / CLIP, dtype="int16")
        assert rate == 16_000
        (tmp_path / "raw").write_bytes(sound.tobytes() + bytes(3 * 32_000))
        program = tmp_path / "bin" / "arecord"
        program.parent.mkdir()
        text = RECORDER.format(python=sys.executable, raw=tmp_path / "raw", device="hw:1", after=after)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        environ = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "tools.cli", "listen", "--device", "hw:1"]
        return subprocess.Popen(
            [*command, "--model", str(whisper_base), *words],
            cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    return start


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    assert process.stdout is not None
    heard, until = "", time.monotonic() + 60
    while wanted not in heard and time.monotonic() < until:
        heard += process.stdout.read(1)
    return heard


def test_what_is_said_is_written_and_ctrl_c_ends_it(
    recorder: Callable[..., subprocess.Popen[str]],
) -> None:
    process = recorder("--language", "zh")
    said = read_until(process, "\n")
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "广州" in said
    assert rest == ""
    assert err.splitlines() == [
        "browline: ● listening; Ctrl-C ends it",
        "browline: the microphone is closed",
    ]


def test_what_was_being_said_is_still_written(recorder: Callable[..., subprocess.Popen[str]]) -> None:
    process = recorder("--language", "zh")
    said = read_until(process, "广")
    process.send_signal(signal.SIGTERM)
    rest, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert (said + rest).count("\n") == 1 and (said + rest).endswith("\n")


def test_a_microphone_that_goes_is_told_and_no_word_lost(
    recorder: Callable[..., subprocess.Popen[str]],
) -> None:
    process = recorder("--language", "zh", after="sys.exit('audio open error: No such device')")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "广州" in out
    assert "No such device" in err and "`arecord -l` lists them" in err


def test_without_arecord_it_says_what_to_do(whisper_base: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.cli", "listen", "--model", str(whisper_base)]
    environ = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "apt install alsa-utils" in done.stderr and "Traceback" not in done.stderr
