"""Feeding a decoder graph: rows into a KV cache, logits out.

A row gets the same bits however many others are fed with it, so that a prompt may be cut, cached and gone on with
anywhere. A lone row would not over a float32 cache, nor with some kernels (see ``kernels``): it is fed twice, the
next row overwrites the second's slot, and the states of delta nets pass over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from models.backends.ort_bound import Binding, BoundSession
from models.base import BackendError
from models.qwen_vl.fit import check_decoder
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.rotary import Rotary
from models.qwen_vl.shape import TextShape
from models.qwen_vl.states import counting


class Decoder:
    """One graph. Sequences of the same model may be fed to several of them in turn.

    ``alone``: the graph's kernels give a lone row the bits it gets among others; ``held``: what the graph wants
    beside a sequence (an adapter's factors).
    """

    def __init__(
        self,
        session: BoundSession,
        shape: TextShape,
        *,
        alone: bool = True,
        held: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Raises ManifestError for a graph of another shape."""
        check_decoder(session.path, session.shapes(), shape)
        self._session = session
        self._alone = alone
        self._held = held or {}
        self._shape = shape
        self._rotary = Rotary(shape)
        self._bindings: WeakKeyDictionary[KvCache, tuple[int, Binding]] = WeakKeyDictionary()

    def feed(
        self,
        cache: KvCache,
        items: Sequence[int],
        embeds: NDArray[np.float32],
        positions: NDArray[np.int64],
        take: Sequence[int] = (-1,),
        deepstack: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Append rows; the logits float32[t, vocab] of the rows ``take`` (negative ones from the end).

        ``embeds`` float32[r, width], ``positions`` int64[3, r], ``deepstack`` float32[d, r, width].

        Raises BackendError.
        """
        count = len(items)
        rows = 2 if count == 1 and (cache.exact or not self._alone) else count
        start, total = cache.length, cache.length + rows
        cache.reserve(total)
        cos, sin = self._rotary.table(_padded(positions, rows, axis=1))
        cache.cos[start:total], cache.sin[start:total] = cos, sin
        feeds = {
            "embeds": _padded(embeds, rows, axis=0)[None],
            "last": np.array([total - 1], np.int32),
            "total": np.array(total, np.int32),
            "take": np.array([at % count for at in take], np.int64),
        }
        if self._shape.deepstack:
            empty = np.zeros((self._shape.deepstack, 1, rows, self._shape.width), np.float32)
            feeds["deepstack"] = empty if deepstack is None else _padded(deepstack, rows, axis=1)[:, None]
        logits = np.empty((len(take), self._shape.vocab), np.float32)
        results = {"logits": logits[None]}
        if cache.states is not None:
            feeds |= cache.states.now | counting(self._shape, count, rows)
            results |= {f"{name}.out": array for name, array in cache.states.following().items()}
        self._binding(cache).run(feeds, results)
        if not np.isfinite(logits.sum(dtype=np.float64)):
            raise BackendError(
                f"{self._session.path} computes no numbers: its weights are damaged, build or pull the model again"
            )
        cache.extend(items, positions)
        return logits

    def close(self) -> None:
        """Free the weights."""
        self._bindings.clear()
        self._session.close()

    def _binding(self, cache: KvCache) -> Binding:
        generation, binding = self._bindings.get(cache, (0, None))
        if binding is None or generation != cache.generation:
            binding = self._session.bind()
            for name, array in self._held.items():
                binding.hold(name, array)
            binding.hold("cos", cache.cos)
            binding.hold("sin", cache.sin)
            for i, *pair in zip(self._shape.attending, cache.k, cache.v, strict=True):
                for letter, array in zip("kv", pair, strict=True):
                    binding.hold(f"{letter}.{i}", array)
                    binding.into(f"{letter}.{i}.out", array)
            self._bindings[cache] = (cache.generation, binding)
        return binding


def _padded(rows: NDArray, count: int, axis: int) -> NDArray:  # type: ignore[type-arg]
    """The last row once more where ``count`` wants it."""
    if rows.shape[axis] == count:
        return np.ascontiguousarray(rows)
    last = np.take(rows, [-1], axis=axis)
    return np.concatenate([rows, last], axis=axis)
