"""Building under a name that is taken: a model that can't be opened any more makes way, nothing else does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.base import ManifestError
from models.qwen_vl import folder as language
from models.qwen_vl.adapter import list_adapters
from models.speech.whisper import folder as speech
from tools.export.errors import ExportError


def check_free(target: Path) -> str:
    """Why the model in ``target`` is to be replaced; empty where there is none. Raises ExportError for one in use."""
    if not target.exists():
        return ""
    kinds = {speech.DESCRIPTION: speech.SpeechFolder, language.DESCRIPTION: language.ModelFolder}
    opens = next((kind for name, kind in kinds.items() if (target / name).is_file()), None)
    if opens is None:
        raise ExportError(f"{target} is there already: remove it, or build under another name")
    try:
        opens(target)
    except ManifestError as error:
        if adapters := list_adapters(target):
            raise ExportError(
                f"{target} can't be opened any more, and holds adapters ({', '.join(adapters)}): "
                f"`browline models remove {target.name}`, build it again, and add them again"
            ) from error
        return str(error)
    raise ExportError(
        f"{target} is built already: `browline models remove {target.name}` to build it anew, or --name OTHER"
    )


@contextmanager
def instead_of(target: Path, tell: Callable[[str], object]) -> Iterator[None]:
    """Inside the block ``target`` is free; what was there is back if nothing took its place. Raises ExportError."""
    aside = target.with_name(f".{target.name}.before")
    if why := check_free(target):
        tell(f"{target.name} is built again in the place of one that can't be opened any more ({why})")
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)
    try:
        yield
    finally:
        if why and not target.exists():
            aside.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
