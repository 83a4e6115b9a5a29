"""Which language is spoken: what is heard now, held against what was heard before.

People go on in the language they speak, and short sounds fit many: a stretch of half a second is no reason to take
somebody for Welsh. So the belief of the stretches before weighs in, as in a hidden Markov model whose states stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CHANGE = 0.05  # how likely any language is to be spoken next, beside one that is sure
SURE_S = 2.0  # what is heard of less than this counts less


class LanguageBelief:
    """Of one stream of utterances."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = tuple(languages)
        self.forget()

    def forget(self) -> None:
        """Somebody else speaks, or another file begins."""
        self._belief = np.full(len(self.languages), 1 / len(self.languages))

    def weigh(self, heard: NDArray[np.float32], seconds: float) -> NDArray[np.float64]:
        """How likely each language is, float64[languages]: ``heard`` likewise for this sound of ``seconds`` alone."""
        evidence = np.maximum(heard.astype(np.float64), 1e-9) ** min(1.0, seconds / SURE_S)
        odds = (self._belief + CHANGE) * evidence
        return np.asarray(odds / odds.sum())

    def remember(self, weighed: NDArray[np.float64]) -> None:
        """The utterance is over: the next one begins with what ``weigh`` said of it."""
        self._belief = weighed
