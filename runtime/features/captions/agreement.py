"""Which words of a growing hypothesis may be shown for good: those that two hypotheses in a row agree on.

Local agreement of two (Liu, Spanakis and Niehues, Interspeech 2020; Macháček, Dabre and Bojar, "Turning Whisper into
Real-Time Transcription System", 2023): what the last hypothesis and this one begin with is settled, and forced upon
the next one. What ends at the edge of the sound may be half a word, so it waits for more sound or the end.
Of what is not settled only the words that the model is rather sure of are shown, and no full stop at their end: where
the sound stops, the sentence need not. Both halve what is shown and taken back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import takewhile

import msgspec

from models.base import Hypothesis, Piece

EDGE_S = 0.4  # of the sound's end in which nothing is settled before the stretch has ended: about a word
SURE = 0.4  # the least probability of a word that is shown before it is settled


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

    @property
    def settled(self) -> int:
        """How many pieces the next hypothesis has to begin with."""
        return len(self._settled)

    def hear(self, hypothesis: Hypothesis, heard_s: float, *, final: bool = False) -> Words:
        """The words of ``heard_s`` seconds. A doubtful hypothesis changes nothing; a final one settles all."""
        if hypothesis.doubt:
            return self._words(() if final else self._before)
        news = hypothesis.pieces[len(self._settled) :]
        agreed = len(news) if final else min(_shared(self._before, news), _inside(news, heard_s - EDGE_S))
        self._settled += news[:agreed]
        self._before = news[agreed:]
        return self._words(self._before)

    def _words(self, tentative: tuple[Piece, ...]) -> Words:
        shown = tuple(takewhile(lambda piece: piece.probability >= SURE, tentative))
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


def _inside(pieces: tuple[Piece, ...], until_s: float) -> int:
    """How many pieces at the beginning end by then."""
    return sum(1 for _ in takewhile(lambda piece: piece.end_s <= until_s, pieces))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if unicodedata.category(c)[0] in "LNMS")
