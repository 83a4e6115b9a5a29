"""The weights that captions are measured with: whisper-base as Browline builds it, and as its peer reads it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from tokenizers import Tokenizer

from models.base import ManifestError
from models.language import built_folder
from models.manifest import list_checkpoints
from models.speech.choice import MISSING
from models.speech.vad import SileroVad, open_vad
from models.speech.whisper.folder import list_speech
from models.store import ModelStore, cache_folder

NAME, VOICE = "whisper-base", "silero-vad"


def built() -> Path:
    """The built model. Raises ManifestError where there is none."""
    found = list_speech(built_folder(os.environ)).get(NAME)
    if found is None:
        raise ManifestError(MISSING)
    return found


def voice() -> SileroVad:
    """The voice detector. Raises FetchError."""
    from models.manifest import list_manifests

    store = ModelStore(cache_folder(os.environ), list_manifests(), time.sleep)
    return open_vad(store.manifest(VOICE), store.ensure(VOICE))


def checkpoint() -> Path:
    """A CTranslate2 folder as faster-whisper wants it: the checkpoint, and its vocabulary as a list."""
    place = cache_folder(os.environ) / "bench" / f"{NAME}-ct2"
    if not (place / "vocabulary.txt").exists():
        place.mkdir(parents=True, exist_ok=True)
        files = ModelStore(cache_folder(os.environ), list_checkpoints(), time.sleep).ensure(NAME)
        for name, path in files.items():
            shutil.copyfile(path, place / name)
        (place / "vocabulary.txt").write_text(_vocabulary(place / "tokenizer.json"), "utf-8")
    return place


def _vocabulary(tokenizer: Path) -> str:
    """A token a line; the 1,501 times, which this tokenizer leaves out, are the last."""
    words = Tokenizer.from_file(str(tokenizer)).get_vocab(with_added_tokens=True)
    names = [word for word, _ in sorted(words.items(), key=lambda item: item[1])]
    times = [f"<|{step / 50:.2f}|>" for step in range(1501)]
    return "\n".join(names + [time for time in times if time not in words]) + "\n"
