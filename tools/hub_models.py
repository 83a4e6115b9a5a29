"""The hub's models that Browline knows by short names: where they are, what they weigh, which boards hold them.

The data is ``hub_models.toml``; sizes are computed from it as the builder would write them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from boards import load as boards
from models.base import ManifestError, ModelMemoryError
from models.language import memory_of
from models.manifest import list_manifests
from models.qwen_vl.folder import Quant
from models.qwen_vl.shape import TextShape, VisionShape
from tools.export.errors import FamilyError
from tools.export.sizes import checkpoint_bytes, shapes_of, weights_bytes

DATA = Path(__file__).with_name("hub_models.toml")
QUANTS: tuple[Quant, ...] = ("int8", "int4", "none")
# What the glasses keep loaded beside a language model.
ALWAYS = ("ppocrv6-tiny", "silero-vad")


class Weight(msgspec.Struct, frozen=True):
    """``download`` in bytes, and for each quantisation MB of memory as the glasses count it."""

    download: int
    memory_mb: dict[Quant, int]


class HubModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model. ``terms``: what its licence adds; ``spare_head``: its files hold a tied head a second time.

    ``config`` is of ``config.json`` what decides the size; None: not known until it is fetched.
    """

    name: str
    repository: str
    revision: str = "main"
    licence: str
    terms: str = ""
    spare_head: bool = False
    config: dict[str, Any] | None = None

    def weight(self) -> Weight | None:
        """What it weighs; None when that is not known."""
        if self.config is None:
            return None
        try:
            text, vision = shapes_of(self.config)
        except FamilyError:  # of a family that this version does not build
            return None
        spare = 2 * text.vocab * text.width if self.spare_head else 0
        return Weight(checkpoint_bytes(text, vision) + spare, memory_mb(text, vision))


class _Data(msgspec.Struct, frozen=True):
    models: tuple[HubModel, ...]


@functools.cache
def list_hub_models(path: Path = DATA) -> dict[str, HubModel]:
    """Short name → model. Raises ManifestError."""
    try:
        data = msgspec.toml.decode(path.read_bytes(), type=_Data)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ManifestError(f"{path.name}: {error}; see tools/hub_models.py for the form") from error
    return {model.name: model for model in data.models}


def memory_mb(text: TextShape, vision: VisionShape | None) -> dict[Quant, int]:
    """MB of memory that a build of each quantisation is counted for."""
    return {quant: memory_of(weights_bytes(text, vision, quant)) for quant in QUANTS}


@functools.cache
def rooms() -> Mapping[str, int]:
    """Board → MB that it has for a language model beside what the glasses always keep loaded."""
    others = sum(list_manifests()[name].memory_mb for name in ALWAYS)
    return {name: boards.load(name).compute.model_memory_mb - others for name in boards.names()}


def holders(needed_mb: int) -> list[str]:
    """The boards that have this much room."""
    return [name for name, room in rooms().items() if needed_mb <= room]


def check_room(name: str, quant: Quant, needed_mb: Mapping[Quant, int], board: str) -> None:
    """Raise ModelMemoryError when the board can't hold a build of this quantisation; says what it could."""
    room = rooms()[board]
    if needed_mb[quant] <= room:
        return
    other = next((other for other in QUANTS if needed_mb[other] <= room), None)
    advice = f"--quant {other} would fit ({needed_mb[other]} MB)" if other else _smaller(room)
    raise ModelMemoryError(
        f"{name} as {quant} needs {needed_mb[quant]} MB; {board} has {room} MB for it: {advice}"
    )


def _smaller(room: int) -> str:
    fits: Sequence[str] = [
        f"{model.name} ({mb} MB)"
        for model in list_hub_models().values()
        if (weight := model.weight()) and (mb := weight.memory_mb["int8"]) <= room
    ]
    return (
        f"take a smaller model, of the hub's as int8: {', '.join(fits)}" if fits else "take a smaller model"
    )
