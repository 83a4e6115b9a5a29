"""``browline run --say``: from a sound file to captions on the HUD in one command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from drivers.sim.scenario import FOLDER
from runtime.core.clock import VirtualClock
from runtime.core.log import LogRing, make_logger
from runtime.core.store import Store
from runtime.features.captions import wishes
from tools import cli
from tools.saying import Talk, quiet_world, wished
from tools.speech import list_built_speech

CLIP = "zh_aishell_BAC009S0724W0121.wav"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        status = cli.main(["run", "--board", "sim", "--once", "--out", str(tmp_path), *map(str, words)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


@pytest.fixture
def built(model_files: Callable[[str], object]) -> None:
    """The models that the command takes by itself; it would fetch and build them, a test does not."""
    model_files("silero-vad")
    if not list_built_speech():
        pytest.skip("no speech model is built: run `browline models build whisper-base`")


def test_what_a_file_says_stands_on_the_hud(run: Run, built: None, fixtures: Path, tmp_path: Path) -> None:
    status, out, _ = run("--say", fixtures / "speech" / CLIP)
    assert status == 0
    assert "广州市" in out
    assert len(list((tmp_path / "hud").glob("hud-*.png"))) > 4, "it grows while it is said"


def test_files_are_said_one_after_the_other_and_translated(
    run: Run, built: None, fixtures: Path, tmp_path: Path
) -> None:
    clip = fixtures / "speech" / "en_librispeech_1995-1837-0001.wav"
    sound, rate = soundfile.read(clip, stop=48_000)
    soundfile.write(tmp_path / "short.wav", sound, rate)
    status, out, _ = run("--say", fixtures / "speech" / CLIP, tmp_path / "short.wav", "--translate", "en")
    assert status == 0
    assert "sorrow" in out, "what is said in English is shown as it is"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--say", "{tmp}/gone.wav"], "gone.wav: is no sound file that can be read"),
        (["--translate", "en"], "--say FILE, or --microphone default"),
        (["--say", "{tmp}/gone.wav", "--translate", "klingon"], "give a language's code"),
        (["--microphone", "default"], "run it in a terminal"),
        (["--say", "{tmp}/gone.wav", "--board", "rock5b"], "`captions on`"),
    ],
)
def test_what_can_not_be_said_or_heard_is_told(run: Run, tmp_path: Path, words: list[str], said: str) -> None:
    status, _, err = run(*(word.replace("{tmp}", str(tmp_path)) for word in words))
    assert status == 2
    assert said in err


def kept(data: Path, name: str, value: object = None) -> object:
    log = make_logger(VirtualClock(), LogRing())
    with Store(data / "browline.db", VirtualClock(), log) as store:
        if value is not None:
            store.set(wishes.setting(name), value)
        return getattr(wishes.read(store), name)


def test_the_wearers_wishes_are_as_they_were_when_it_is_over(tmp_path: Path) -> None:
    kept(tmp_path, "translate", "de")
    with wished(tmp_path, VirtualClock(), Talk(translate="en")):
        assert (kept(tmp_path, "on"), kept(tmp_path, "translate")) == (True, "en")
    assert (kept(tmp_path, "on"), kept(tmp_path, "translate")) == (False, "de")
    with wished(tmp_path, VirtualClock(), Talk(translate="en")):
        kept(tmp_path, "translate", "fr")
    assert kept(tmp_path, "translate") == "fr", "what was changed meanwhile stays"
    with wished(tmp_path, VirtualClock(), None):
        assert kept(tmp_path, "on") is False


def test_nobody_moves_while_somebody_speaks() -> None:
    scenario = quiet_world()
    assert scenario.steps == ()
    assert (FOLDER / scenario.pictures[0].file).exists()
