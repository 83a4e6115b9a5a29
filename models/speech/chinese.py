"""Chinese in the characters its reader knows: Whisper writes traditional ones for much that Mandarin speakers say.

A prompt in simplified characters makes it write those more often, not always, and more wrong ones (of 133 characters
in nine clips 20 and 25 with two such prompts, 18 without): OpenCC's table changes what is written, not what is heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any


def simplified(texts: Sequence[str]) -> list[str]:
    """``texts``, which follow each other, with simplified characters; what is no Chinese stays as it is."""
    whole = "".join(texts)
    plain = str(_converter().convert(whole))
    if len(plain) != len(whole):  # a phrase of another length: each text by itself
        return [str(_converter().convert(text)) for text in texts]
    letters = iter(plain)
    return ["".join(next(letters) for _ in text) for text in texts]


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
