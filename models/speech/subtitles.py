"""Subtitle files: SubRip (``.srt``) and WebVTT (https://www.w3.org/TR/webvtt1/).

SubRip has no specification and no escapes: what a player would take for a tag or a time line is made harmless
with a WORD JOINER, which is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

JOINER = "\u2060"
SHORTEST_MS = 1  # WebVTT §4.2: a cue's end is after its start
_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_TAG = re.compile(r"<(?=[/A-Za-z])|\{(?=\\)")


class Cue(msgspec.Struct, frozen=True):
    """A text and when it is shown, in seconds from the sound's first sample; lines are parted by newlines."""

    start_s: float
    end_s: float
    text: str


def to_srt(cues: Iterable[Cue]) -> str:
    """The text of a ``.srt`` file; cues without a text are left out."""
    blocks = (
        f"{number}\n{_time(start, ',')} --> {_time(end, ',')}\n{_plain(text)}\n"
        for number, (start, end, text) in enumerate(_shown(cues), 1)
    )
    return "\n".join(blocks)


def to_vtt(cues: Iterable[Cue]) -> str:
    """The text of a ``.vtt`` file; cues without a text are left out."""
    blocks = (
        f"{_time(start, '.')} --> {_time(end, '.')}\n{_escaped(text)}\n" for start, end, text in _shown(cues)
    )
    return "\n".join(("WEBVTT\n", *blocks))


def _shown(cues: Iterable[Cue]) -> Iterator[tuple[int, int, str]]:
    """Start and end in whole milliseconds, and the text without the blank lines that would end the cue."""
    for cue in cues:
        seen = _INVISIBLE.sub("", _ENDS.sub("\n", cue.text))
        lines = [line.strip() for line in seen.split("\n") if line.strip()]
        if lines:
            start = max(0, round(cue.start_s * 1000))
            yield start, max(start + SHORTEST_MS, round(cue.end_s * 1000)), "\n".join(lines)


def _time(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def _plain(text: str) -> str:
    return _TAG.sub(lambda sign: sign[0] + JOINER, text).replace("-->", f"--{JOINER}>")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # WebVTT §4.2.2
