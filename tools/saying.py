"""Somebody speaks before the simulated glasses: ``browline run --say FILE… [--translate LANG]``.

Captions are on for this run only: the wearer's own wishes are as they were when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from drivers.audio.files import SoundReader
from drivers.base import ConfigError
from drivers.sim.scenario import FOLDER, Scenario, load_scenario
from drivers.sim.world import World
from models.base import ManifestError
from models.speech.choice import SPEECH_SETTING
from models.translation.whisper import ENGLISH
from runtime.app import Glasses
from runtime.core.clock import Clock
from runtime.core.log import LogRing, make_logger
from runtime.core.store import Store
from runtime.features.captions import wishes
from tools.commands.models import open_store
from tools.qwen import list_built
from tools.speech import FIRST, build_first, list_built_speech

FIRST_S = 3.5  # the greeting is over
PAUSE_S = 1.5  # between two files: the next one is said on a new line
READ_S = 4.0  # behind the last word: it is translated and can be read
PATIENCE_S = 120.0  # for the microphone: a speech model that is opened for the first time is packed
VAD = "silero-vad"


class Talk(msgspec.Struct, frozen=True):
    """``files`` with their seconds, said one after the other; captions in the language ``translate`` if given."""

    files: tuple[tuple[Path, float], ...] = ()
    translate: str = ""


def prepare(files: Sequence[Path], translate: str, tell: Callable[[str], object]) -> Talk:
    """Everything a talk needs, fetched and built where it is missing. Raises ConfigError, ModelError."""
    if translate and translate not in wishes.LANGUAGES:
        raise ConfigError(f"--translate {translate}: give a language's code: en, zh, de, …")
    if translate and translate != ENGLISH and not list_built():
        raise ManifestError(
            f"Whisper translates into English, not {translate}: build a language model that does, "
            "`browline models build qwen3-0.6b`"
        )
    said = tuple((path, _length(path)) for path in files)
    open_store().ensure(VAD)
    if not list_built_speech():
        build_first(tell)
    return Talk(said, translate)


def quiet_world() -> Scenario:
    """The demo's shelf, before which the wearer stands still and listens."""
    shelf = load_scenario(FOLDER / "shelf.toml")
    return msgspec.structs.replace(shelf, name="talk", steps=(), ends_s=0.0, repeat_s=0.0)


@contextmanager
def wished(data: Path, clock: Clock, talk: Talk | None) -> Iterator[None]:
    """Captions on while the block lasts; what the wearer changes meanwhile stays changed. Raises StoreError."""
    asked = _wishes(talk) if talk is not None else {}
    before: dict[str, object] = {}
    with _store(data, clock) as store:
        if asked and not store.get(SPEECH_SETTING, str, ""):
            asked |= _model()
        for key, value in asked.items():
            before[key] = store.get(key, type(value), type(value)())
            store.set(key, value)
    try:
        yield
    finally:
        with _store(data, clock) as store:
            for key, value in asked.items():
                if store.get(key, type(value), value) == value:
                    store.set(key, before[key])


async def speak(talk: Talk, glasses: Glasses, world: World, clock: Clock) -> None:
    """Say every file once the microphone is open; returns when the last one can have been read."""
    hearing = glasses.hearing
    assert hearing is not None
    await clock.sleep(FIRST_S)
    waited_s = 0.0
    while not hearing.listening and waited_s < PATIENCE_S:
        await clock.sleep(0.1)
        waited_s += 0.1
    for path, seconds in talk.files:
        world.say(path)
        await clock.sleep(seconds + PAUSE_S)
    await clock.sleep(READ_S)


def _length(path: Path) -> float:
    reader = SoundReader(path)
    reader.close()
    return reader.seconds


def _wishes(talk: Talk) -> dict[str, object]:
    asked: Mapping[str, object] = {"on": True} | ({"translate": talk.translate} if talk.translate else {})
    return {wishes.setting(name): value for name, value in asked.items()}


def _model() -> dict[str, object]:
    """Which model listens where several were built and none was chosen."""
    built = list_built_speech()
    return {SPEECH_SETTING: FIRST if FIRST in built else next(iter(built))} if len(built) > 1 else {}


def _store(data: Path, clock: Clock) -> Store:
    return Store(data / "browline.db", clock, make_logger(clock, LogRing()))
