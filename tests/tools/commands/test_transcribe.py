from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from models.speech.whole import Segment
from tools import cli
from tools.commands.transcribe import as_json

CLIP = "zh_aishell_BAC009S0724W0121.wav"
TRUTH = "广州市房地产中介协会分析"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def transcribe(whisper_base: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> tuple[int, str, str]:
        status = cli.main(["transcribe", "--model", str(whisper_base), *map(str, words)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def clip(fixtures: Path) -> NDArray[np.float32]:
    sound, rate = soundfile.read(fixtures / "speech" / CLIP, dtype="float32")
    assert rate == 16_000
    return np.asarray(sound, np.float32)


def wrong(text: str) -> int:
    """Characters of the truth that are not in ``text`` at all: a crude measure that needs no alignment."""
    return sum(letter not in text for letter in TRUTH)


def test_json_is_one_object_a_file(transcribe: Run, fixtures: Path) -> None:
    path = fixtures / "speech" / CLIP
    status, out, _ = transcribe("--json", path, path)
    first, second = map(json.loads, out.splitlines())
    assert status == 0
    assert list(first) == ["file", "language", "text", "segments", "rtf"]
    assert (first["file"], first["language"]) == (str(path), "zh")
    assert wrong(first["text"]) <= 3
    assert first["rtf"] > 0
    assert list(first["segments"][0]) == ["start", "end", "text", "translation"]
    assert 0 < first["segments"][0]["start"] < first["segments"][-1]["end"] < 4.3
    assert first["segments"] == second["segments"], "each file is heard as if it were the first"


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("eight.wav", 8_000, 1, "PCM_U8"),
        ("many.wav", 96_000, 6, "PCM_24"),
        ("float.wav", 44_100, 2, "FLOAT"),
        ("small.flac", 16_000, 1, "PCM_16"),
        ("small.ogg", 48_000, 1, "VORBIS"),
    ],
)
def test_any_rate_width_and_number_of_channels_is_heard(
    transcribe: Run,
    clip: NDArray[np.float32],
    tmp_path: Path,
    name: str,
    rate: int,
    channels: int,
    subtype: str,
) -> None:
    sound = np.repeat(soxr.resample(clip, 16_000, rate)[:, None], channels, axis=1)
    if subtype == "FLOAT":
        sound[100:120] = np.nan
        sound[200] = np.inf
    soundfile.write(tmp_path / name, sound, rate, subtype=subtype)
    status, out, err = transcribe("--language", "zh", tmp_path / name)
    assert (status, err) == (0, "")
    assert wrong(out) <= 4


def test_a_file_that_was_cut_off_gives_what_is_there(transcribe: Run, fixtures: Path, tmp_path: Path) -> None:
    data = (fixtures / "speech" / CLIP).read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[: len(data) * 2 // 3])
    status, out, _ = transcribe(tmp_path / "cut.wav")
    assert status == 0
    assert "广州" in out


@pytest.mark.parametrize("data", [b"", b"hello, this is text\n" * 50])
def test_what_is_no_sound_is_said_and_the_next_file_is_heard(
    transcribe: Run, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "bad.wav").write_bytes(data)
    soundfile.write(tmp_path / "still.wav", np.zeros(16_000), 16_000)
    status, out, err = transcribe(
        "--json", tmp_path / "bad.wav", tmp_path / "gone.wav", tmp_path / "still.wav"
    )
    assert status == 2
    assert json.loads(out) | {"rtf": 0} == {
        "file": str(tmp_path / "still.wav"),
        "language": "",
        "text": "",
        "segments": [],
        "rtf": 0,
    }
    assert err.count("is no sound file that can be read") == 2


def test_a_file_without_a_sample_is_silent(transcribe: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    assert transcribe(tmp_path / "empty.wav") == (0, "", "")


def test_subtitles_have_times_and_are_of_one_file(transcribe: Run, fixtures: Path) -> None:
    path = fixtures / "speech" / CLIP
    _, srt, _ = transcribe("--srt", path)
    assert srt.startswith("1\n00:00:00,")
    _, vtt, _ = transcribe("--vtt", path)
    assert vtt.startswith("WEBVTT\n\n00:00:00.")
    assert transcribe("--srt", path, path)[0] == 2


def test_wishes_that_can_not_be_met_are_said(transcribe: Run, fixtures: Path) -> None:
    path = fixtures / "speech" / CLIP
    status, _, err = transcribe("--language", "klingon", path)
    assert (status, "the model knows en zh" in err) == (2, True)
    status, _, err = transcribe("--translate", "fr", path)
    assert (status, "--translator" in err) == (1, True)


def test_a_translation_stands_beside_its_text(transcribe: Run, fixtures: Path) -> None:
    _, out, err = transcribe("--json", "--translate", "en", fixtures / "speech" / CLIP)
    (segment,) = json.loads(out)["segments"]
    assert wrong(segment["text"]) <= 3
    assert segment["translation"].isascii()
    assert segment["translation"] or "not translated" in err


def test_an_unknown_model_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["transcribe", "--model", "whisper-colossal", str(tmp_path / "a.wav")]) == 1
    assert "no speech model is called 'whisper-colossal'" in capsys.readouterr().err


def test_the_language_of_a_file_is_the_one_most_is_said_in() -> None:
    segments = [Segment(0, 1, "Hello", "en"), Segment(2, 6, "你好吗", "zh"), Segment(6, 7, "很好", "zh")]
    found = as_json(Path("a.wav"), segments, 0.12345)
    assert (found["language"], found["text"], found["rtf"]) == ("zh", "Hello你好吗很好", 0.123)


def test_a_stream_is_what_live_captions_would_settle(transcribe: Run, fixtures: Path) -> None:
    path = fixtures / "speech" / CLIP
    first = transcribe("--stream", "--language", "zh", path)
    assert first == transcribe("--stream", "--language", "zh", path), "the same on every machine"
    status, out, err = first
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    assert wrong(out) <= 4


def test_a_stream_is_translated_under_its_lines(transcribe: Run, fixtures: Path) -> None:
    status, out, err = transcribe("--stream", "--translate", "en", fixtures / "speech" / CLIP)
    source, *translated = out.splitlines()
    assert status == 0
    assert wrong(source) <= 4
    assert "not translated" in err if not translated else translated[0].isascii()


def test_a_stream_has_no_other_form(transcribe: Run, fixtures: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        transcribe("--stream", "--srt", fixtures / "speech" / CLIP)
    assert ended.value.code == 2


def test_a_stream_of_what_is_no_sound_says_so(transcribe: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"hello")
    status, _, err = transcribe("--stream", tmp_path / "bad.wav")
    assert (status, "is no sound file that can be read" in err) == (2, True)
