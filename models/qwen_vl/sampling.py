"""Choosing the next token from its logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray


class Sampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to choose. Temperature 0, the default, is greedy: always the most likely.

    ``top_p``: the smallest set of this probability (arXiv 1904.09751); ``min_p``: nothing less likely than this
    part of the likeliest (arXiv 2407.01082); ``repetition_penalty``: > 1 makes what was said less likely
    (arXiv 1909.05858). The same ``seed`` gives the same answer.
    """

    temperature: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.0
    seed: int = 0


class Sampler:
    """One answer's chooser: it draws one random number a token, whatever else happens."""

    def __init__(self, how: Sampling) -> None:
        self.how = how
        self._rng = np.random.default_rng(abs(how.seed))

    def choose(
        self, logits: NDArray[np.float32], said: Sequence[int], allowed: NDArray[np.bool_] | None = None
    ) -> tuple[int, float]:
        """A token and its log-probability before temperature; ``logits`` float32[vocab] is not changed.

        ``said`` are the tokens the penalty is for; ``allowed`` bool[vocab] says what may be chosen.
        """
        values = self._penalised(logits, said)
        if allowed is not None:
            values = np.where(allowed, values, -np.inf)
        if self.how.temperature == 0:
            token = int(values.argmax())
        else:
            token = self._draw(values / np.float32(self.how.temperature))
        return token, log_probability(values, token)

    def _penalised(self, logits: NDArray[np.float32], said: Sequence[int]) -> NDArray[np.float32]:
        penalty = np.float32(self.how.repetition_penalty)
        if penalty == 1 or not said:
            return logits
        values = logits.copy()
        ids = np.unique(np.asarray(said, np.int64))
        ids = ids[(ids >= 0) & (ids < len(values))]
        values[ids] = np.where(values[ids] > 0, values[ids] / penalty, values[ids] * penalty)
        return values

    def _draw(self, values: NDArray[np.float32]) -> int:
        number = self._rng.random()
        order = np.argsort(-values, kind="stable")[: self.how.top_k or None]
        odds = np.exp(values[order].astype(np.float64) - values[order[0]])
        odds /= odds.sum()
        before = np.cumsum(odds) - odds
        odds[(before >= self.how.top_p) | (odds < self.how.min_p * odds[0])] = 0
        edges = np.cumsum(odds)
        return int(order[min(int(np.searchsorted(edges, number * edges[-1], side="right")), len(order) - 1)])


def log_probability(values: NDArray[np.float32], token: int) -> float:
    """ln p of ``token`` under the softmax of ``values`` float32[vocab]."""
    highest = values.max()
    return float(values[token] - highest - np.log(np.exp(values - highest).sum(dtype=np.float64)))
