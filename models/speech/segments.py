"""What a stream of sound is cut into: stretches of speech, each from its first word to the pause behind it."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray


class SpeechEvent(msgspec.Struct, frozen=True):
    """Somebody begins to speak, goes on, or is done. Between "begin" and "end" the sound is without a gap.

    ``samples`` float32[N] at 16 kHz: with "begin" what was heard just before as well, with "end" what still belongs
    to the stretch. ``t_ns`` is when the first of them entered the microphone. ``cut`` tells an end that was made at
    the quietest place of speech that does not pause: the next stretch begins there.
    """

    kind: Literal["begin", "more", "end"]
    t_ns: int
    samples: NDArray[np.float32]
    cut: bool = False
