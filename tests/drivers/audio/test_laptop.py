"""This computer's microphone, over a stand-in for arecord on the PATH of a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LISTEN = """
from drivers.audio.laptop import laptop_microphone
from runtime.core.clock import RealClock
shown = []
microphone = laptop_microphone(RealClock(), shown.append, "hw:1")
microphone.open()
heard = 0
while heard < 1000:
    chunk = microphone.read()
    heard += len(chunk.samples)
assert chunk.rate_hz == 16_000 and chunk.samples.max() == 0.5, chunk
microphone.close()
print(heard, shown)
"""


def listen(path: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PATH": str(path)}
    return subprocess.run(
        [sys.executable, "-c", LISTEN], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


def test_it_is_heard_and_the_screen_shows_it(tmp_path: Path) -> None:
    program = tmp_path / "arecord"
    program.write_text(
        f"#!{sys.executable}\nimport sys, time\n"
        "assert 'hw:1' in sys.argv\nsys.stdout.buffer.write(b'\\x00\\x40' * 1000)\n"
        "sys.stdout.flush()\ntime.sleep(60)\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    done = listen(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1000 [True, False]\n"


def test_without_arecord_it_says_what_to_do(tmp_path: Path) -> None:
    done = listen(tmp_path)
    assert done.returncode != 0
    assert "apt install alsa-utils" in done.stderr and "transcribe a file" in done.stderr
