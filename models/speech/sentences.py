"""What was understood of a stretch, cut into sentences that are short enough to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.base import Piece

ENDS = ".?!。？！…‥؟।॥։።။"
CLAUSES = ",;:，、；：،؛"
SHORT_S = 1.0  # what is shorter than this is no sentence of its own: "1.", "Mr."
LONG_S = 7.0  # from here on a clause is an end as well (Netflix's timed text style guide: at most 7 s)
LONGEST_S = 10.0  # from here on any word
PAUSE_S = 1.5
CLOSING = "\"'”’»）)】」』"


def sentences(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    """The pieces of each sentence, in order, none left out."""
    sentence: list[Piece] = []
    for piece in pieces:
        if sentence and piece.start_s - sentence[-1].end_s >= PAUSE_S:
            yield tuple(sentence)
            sentence = []
        sentence.append(piece)
        if _ends(piece.text, piece.end_s - sentence[0].start_s):
            yield tuple(sentence)
            sentence = []
    if sentence:
        yield tuple(sentence)


def _ends(text: str, seconds: float) -> bool:
    sign = text.rstrip().rstrip(CLOSING)[-1:]
    if not sign or seconds < SHORT_S:
        return False
    return sign in ENDS or (seconds >= LONG_S and sign in CLAUSES) or seconds >= LONGEST_S
