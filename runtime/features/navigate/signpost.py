"""The sign that was snapped last, and for how long what it told is worth showing."""

from __future__ import annotations

from runtime.core.clock import NS
from runtime.core.messages import Reading
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.signs import Sign, read_sign

SIGN_S = 8.0


class Signpost:
    """``hear`` what a snap read, then ask for its ``text``."""

    def __init__(self) -> None:
        self._sign = Sign("nothing")
        self._following = -1  # the next maneuver when it was read: beside another one's cue it would mislead
        self.until_ns = 0

    def hear(self, reading: Reading, guide: Guide, now_ns: int) -> None:
        """Lines of text were read. Who is off the route, or nobody knows where, is told nothing."""
        self._following = guide.following.next
        self._sign = Sign("nothing")
        if guide.following.sure:
            self._sign = read_sign(guide.route, self._following, reading.lines)
        self.until_ns = now_ns + round(SIGN_S * NS)

    def text(self, guide: Guide, now_ns: int) -> str:
        """What it told of the way, in the guide's words; "" where there is nothing to tell, or not any more."""
        if now_ns >= self.until_ns or guide.following.next != self._following or not guide.following.sure:
            return ""
        return guide.words.sign(self._sign.says, self._sign.text)
