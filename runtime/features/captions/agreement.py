"""Which words of a growing hypothesis may be shown for good: those that several hypotheses in a row agree on.

Local agreement (Liu, Spanakis and Niehues, Interspeech 2020; Macháček, Dabre and Bojar, "Turning Whisper into
Real-Time Transcription System", 2023): what the last hypotheses begin with is settled, and forced upon the next one.
A word that the model is not sure of has to be said four times: with more of the sentence behind it, it often becomes
another. What ends at the edge of the sound may be half a word, so it waits for more sound or the end.
Of what is not settled only the words that were said twice or that the model is rather sure of are shown, and no full
stop at their end: where the sound stops, the sentence need not. The model is seldom sure of a sentence's first word
before it has heard the next ones, so it is the words up to a place that are weighed together.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import takewhile

import msgspec

from models.base import Hypothesis, Piece

EDGE_S = 0.4  # of the sound's end in which nothing is settled before the stretch has ended: about a word
# The figures are of 28 clips, 11 of them Mandarin, beside the two that every word had to have 0.4 to be shown and was
# settled when said twice: 22 of 182 Mandarin characters wrong (29; whole files 16), first words 1.2 s late or less in
# nine of ten (1.6), 14 % of what was shown vanished again (11 %).
SURE, LAST_SURE = (
    0.55,
    0.6,
)  # the least mean probability of words that are shown before they are settled; the last's own
SETTLED = 0.5  # the least probability of a word that is settled when it was said twice
TIMES = 4  # how often one must be said that the model is less sure of


class Words(msgspec.Struct, frozen=True):
    """What is known of a stretch of speech: ``settled`` never changes again, ``tentative`` may.

    ``until_s`` is where the last of these words ends, from the stretch's first sample.
    """

    settled: str = ""
    tentative: str = ""
    until_s: float = 0.0


class Agreement:
    """The words of one stretch, from hypothesis to hypothesis."""

    def __init__(self) -> None:
        self._settled: list[Piece] = []
        self._before: tuple[Piece, ...] = ()  # what the last hypothesis said behind the settled pieces
        self._times: list[int] = []  # how often in a row each of these was said

    @property
    def settled(self) -> int:
        """How many pieces the next hypothesis has to begin with."""
        return len(self._settled)

    def hear(self, hypothesis: Hypothesis, heard_s: float, *, final: bool = False) -> Words:
        """The words of ``heard_s`` seconds. A doubtful hypothesis changes nothing; a final one settles all."""
        if hypothesis.doubt:
            return self._words(() if final else self._before)
        news = hypothesis.pieces[len(self._settled) :]
        shared = _shared(self._before, news)
        times = [count + 1 for count in self._times[:shared]] + [1] * (len(news) - shared)
        ripe = min(_ripe(news, times), _inside(news, heard_s - EDGE_S))
        agreed = len(news) if final else ripe
        self._settled += news[:agreed]
        self._before, self._times = news[agreed:], times[agreed:]
        return self._words(self._before)

    def _words(self, tentative: tuple[Piece, ...]) -> Words:
        shown = tentative[: max(_said_twice(self._times), _sure(tentative))]
        said = (*self._settled, *shown)
        until_s = said[-1].end_s if said else 0.0
        return Words(_text(self._settled), _open_ended(_text(shown)), until_s)


def _text(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _open_ended(text: str) -> str:
    end = len(text)
    while end and unicodedata.category(text[end - 1])[0] == "P":
        end -= 1
    return text[:end]


def _shared(one: tuple[Piece, ...], other: tuple[Piece, ...]) -> int:
    """How many pieces both begin with; a comma or a capital letter makes no other word."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if _bare(a.text) != _bare(b.text):
            break
        count += 1
    return count


def _ripe(pieces: tuple[Piece, ...], times: Sequence[int]) -> int:
    """How many pieces at the beginning were said often enough for how sure the model is of them."""
    needed = (2 if piece.probability >= SETTLED else TIMES for piece in pieces)
    return sum(1 for _ in takewhile(lambda pair: pair[0] >= pair[1], zip(times, needed, strict=True)))


def _said_twice(times: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda count: count >= 2, times))


def _sure(pieces: tuple[Piece, ...]) -> int:
    """How many pieces at the beginning the model is rather sure of: all of them on the whole, and the last."""
    count, logs = 0, 0.0
    for number, piece in enumerate(pieces, 1):
        logs += math.log(max(piece.probability, 1e-9))
        if piece.probability >= LAST_SURE and logs >= number * math.log(SURE):
            count = number
    return count


def _inside(pieces: tuple[Piece, ...], until_s: float) -> int:
    """How many pieces at the beginning end by then."""
    return sum(1 for _ in takewhile(lambda piece: piece.end_s <= until_s, pieces))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if unicodedata.category(c)[0] in "LNMS")
