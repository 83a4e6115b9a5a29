"""Whether a graph is the one that ``model.json`` tells of: asked once, before anything is made by its sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.base import ManifestError
from models.qwen_vl.shape import TextShape, VisionShape

Shapes = Mapping[str, tuple[int | str, ...]]


def check_decoder(graph: Path, shapes: Shapes, shape: TextShape) -> None:
    """Raise ManifestError unless the decoder's inputs and outputs are of ``shape``."""
    slot = (1, shape.kv_heads, "S", shape.head_size)
    keys = [name for name in shapes if name.startswith("k.") and not name.endswith(".out")]
    wanted: dict[str, tuple[int | str, ...]] = {
        "embeds": (1, "r", shape.width),
        "cos": ("S", shape.turning // 2),
        "logits": (1, "t", shape.vocab),
        **dict.fromkeys(keys, slot),
    }
    if shape.deepstack:
        wanted["deepstack"] = (shape.deepstack, 1, "r", shape.width)
    blocks = len(shape.attending)
    if len(keys) != blocks:
        raise ManifestError(
            f"{graph}: it has {len(keys)} blocks of attention, model.json says {blocks}: {AGAIN}"
        )
    if shape.delta is not None:
        delta = shape.delta
        for i in delta.blocks:
            wanted[f"conv.{i}"] = (1, delta.taps - 1, delta.mixed)
            wanted[f"state.{i}"] = (1, delta.value_heads, delta.key_size, delta.value_size)
    _check(graph, shapes, wanted)


def check_encoder(graph: Path, shapes: Shapes, shape: VisionShape) -> None:
    """Raise ManifestError unless the picture encoder's inputs and outputs are of ``shape``."""
    wanted: dict[str, tuple[int | str, ...]] = {
        "patches": (1, "n", shape.inputs),
        "cos": ("n", shape.width // shape.heads // 2),
        "rows": (1, "m", shape.out),
    }
    if shape.deep:
        wanted["deep"] = (len(shape.deep), "m", shape.out)
    if shape.grid:
        wanted["places"] = (1, "n", shape.width)
    _check(graph, shapes, wanted)


AGAIN = "they do not belong together, build or pull the model again"


def _check(graph: Path, shapes: Shapes, wanted: Shapes) -> None:
    for name, sizes in wanted.items():
        found = shapes.get(name, ())
        same = len(found) == len(sizes) and all(
            isinstance(a, str) or isinstance(b, str) or a == b for a, b in zip(found, sizes, strict=True)
        )
        if not same:
            raise ManifestError(f"{graph}: {name} is {list(found)}, model.json says {list(sizes)}: {AGAIN}")
