"""The model that tells speech from other sound: opened when somebody listens, kept while they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from models.base import FetchError, VoiceActivity
from models.runner import Runner
from models.store import ModelStore

MODEL = "silero-vad"
MISSING = "The speech model is missing: browline models pull"

OpenVoice = Callable[[], AbstractContextManager[VoiceActivity]]


def silero(store: ModelStore, runner: Runner) -> OpenVoice:
    """What opens a stream of Silero's model from the store; it blocks while it loads and raises ModelError."""

    @contextmanager
    def open_voice() -> Iterator[VoiceActivity]:
        from models.speech.vad import open_vad

        if MODEL in store.missing():
            raise FetchError(MISSING)
        manifest = store.manifest(MODEL)
        with runner.shelf.hold(
            MODEL, manifest.memory_mb, lambda: open_vad(manifest, store.ensure(MODEL))
        ) as model:
            yield model.another()

    return open_voice
