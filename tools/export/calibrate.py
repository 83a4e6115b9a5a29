"""Calibration: committed prompts, and a picture where the model sees, go through the decoder block by block.

They go as the blocks are written, so that no more than one is ever in memory. What is looked at: how large the keys
and values get (the steps of the 8-bit cache), which inputs of the down projections stand out, and what the model
answers to the self-test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.backends.ort_bound import BoundSession
from models.qwen_vl.folder import StoredTensor
from models.qwen_vl.rotary import Rotary
from models.qwen_vl.shape import TextShape
from models.qwen_vl.states import blank, counting
from tools.export.decoder import KvScales, layer_graph
from tools.export.fold import Rotation
from tools.export.graph import save

PROMPTS = Path(__file__).with_name("prompts.txt")
PICTURE = Path(__file__).with_name("label.jpg")  # drawn for this; nobody's product
LEVELS = 127
# Values that no prompt showed must fit too; what is beyond is cut off by the kernel.
HEADROOM = 1.15


def prompts() -> list[str]:
    """The committed texts; the first is the self-test's."""
    return [text.strip() for text in PROMPTS.read_text("utf-8").split("\n---\n")]


class Sample(msgspec.Struct):
    """A prompt on its way: ``hidden`` float32[r, width] after the blocks so far, ``positions`` int64[3, r].

    ``deep`` float32[d, r, width] is what a picture adds to the first blocks' outputs, or None.
    """

    hidden: NDArray[np.float32]
    positions: NDArray[np.int64]
    deep: NDArray[np.float32] | None = None


class Seen(msgspec.Struct):
    """Of one block: the largest radius of each rotated pair of K, magnitude of V (as it
    will be turned), both empty without attention, and of the down projection's inputs."""

    k: NDArray[np.float32]
    v: NDArray[np.float32]
    down: NDArray[np.float32]


class Calibration:
    """Takes ``samples`` through the decoder."""

    def __init__(self, shape: TextShape, samples: Sequence[Sample], turn: Rotation | None) -> None:
        self.shape = shape
        self._turn = turn
        self.samples = list(samples)
        self.seen: list[Seen] = []
        self._rotary = Rotary(shape)

    def step(self, tensors: Mapping[str, StoredTensor], folder: Path) -> Seen:
        """Take every prompt through the next block, whose float32 weights lie in ``folder``.

        Raises BackendError.
        """
        i = len(self.seen)
        path = folder / "calibrate.onnx"
        save(layer_graph(tensors, self.shape, i), path)
        session = BoundSession(path)
        try:
            outcomes = [self._run(session, i, sample) for sample in self.samples]
        finally:
            session.close()
            path.unlink()
        self.seen.append(largest(outcomes))
        return self.seen[-1]

    def _run(self, session: BoundSession, i: int, sample: Sample) -> Seen:
        shape, hidden = self.shape, sample.hidden
        rows = len(hidden)
        cos, sin = self._rotary.table(sample.positions)
        before = self._memory(i, rows)
        # Keys and values are written in place; of a state, what is read must last until it was.
        after = before if i in shape.attending else self._memory(i, rows)
        feeds: dict[str, NDArray[Any]] = {
            "embeds": hidden[None],
            "cos": np.ascontiguousarray(cos),
            "sin": np.ascontiguousarray(sin),
            "last": np.array([rows - 1], np.int32),
            "total": np.array(rows, np.int32),
            **before,
            **counting(shape, rows, rows),
        }
        if i < shape.deepstack:
            none = np.zeros((shape.deepstack, *hidden.shape), np.float32)
            feeds["deepstack"] = (none if sample.deep is None else sample.deep)[:, None]
        result, down = np.empty_like(hidden), np.empty(shape.ffn, np.float32)
        results = {"hidden": result[None], "down": down} | {f"{name}.out": s for name, s in after.items()}
        session.bind().run(feeds, results)
        sample.hidden = result
        if i not in shape.attending:
            return Seen(np.empty(0, np.float32), np.empty(0, np.float32), down)
        key, value = (np.swapaxes(after[f"{x}.{i}"][0], 0, 1) for x in "kv")  # [rows, kv_heads, head]
        value = value if self._turn is None else value @ self._turn.head
        key = radius(key, shape.turning)
        return Seen(key.max(axis=0).ravel(), np.abs(value).max(axis=0).ravel(), down)

    def _memory(self, i: int, rows: int) -> dict[str, NDArray[np.float32]]:
        """Empty keys and values of block ``i``, or an empty state."""
        shape = self.shape
        if i not in shape.attending:
            return {name: array for name, array in blank(shape).items() if name.endswith(f".{i}")}
        slots = (1, shape.kv_heads, rows, shape.head_size)
        return {f"{letter}.{i}": np.zeros(slots, np.float32) for letter in "kv"}


def cache_scales(seen: Sequence[Seen]) -> KvScales:
    """The steps of an 8-bit cache."""
    steps = np.float32(HEADROOM / LEVELS)
    return KvScales(
        [np.maximum(s.k * steps, 1e-6) for s in seen], [np.maximum(s.v * steps, 1e-6) for s in seen]
    )


def largest(outcomes: Sequence[Seen]) -> Seen:
    """Of several prompts."""
    return Seen(*(np.max([getattr(one, name) for one in outcomes], axis=0) for name in ("k", "v", "down")))


def radius(key: NDArray[np.float32], turning: int) -> NDArray[np.float32]:
    """How far from zero a rotated pair can get: the same at every position, whatever the prompts' length.

    Channels from ``turning`` on do not turn.
    """
    first, second, still = np.split(key, [turning // 2, turning], axis=-1)
    turned = np.hypot(first, second)
    return np.concatenate([turned, turned, np.abs(still)], axis=-1)
