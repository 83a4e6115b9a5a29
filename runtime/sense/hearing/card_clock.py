"""When each sample of a sound card was heard, by our clock.

A card's own clock is off by up to some hundred millionths, and what it heard reaches us late, by more or less, but
never early. So the read that came soonest after its sound tells the time best: the model of the card's time is held
against the lower edge of what is seen (as NTP's clock filter picks the reply of the least delay, RFC 5905 §10), its
drift is learnt, and what is left is made up for a little at a time. No sample is ever added or taken away.
"""

from __future__ import annotations

NS = 1_000_000_000
WINDOW_NS = 10 * NS  # between two looks at the drift
LEARN = 0.3  # the part of a window's error that is taken for drift
MOST_DRIFT = 1e-3
SLIDE_NS = 5_000_000  # the most that a model which is late is moved at one read
JUMP_NS = 50_000_000  # sound that comes so much before its time: the clock went back
GONE_NS, GONE_FOR_NS = 30_000_000, NS  # sound that is late by so much for so long: some was lost


class CardClock:
    """Positions count the card's samples from 0, which was heard at ``t_ns``; ``drift`` is relative, > 0: slow."""

    def __init__(self, rate_hz: int, t_ns: int, drift: float = 0.0) -> None:
        self._nominal = NS / rate_hz
        self._base, self._base_ns = 0, t_ns
        self.position = 0  # of the sample that comes next
        self.drift = drift
        self._slid = 0.0
        self._settled = False  # the first window finds the edge, not the drift
        self._window_ns = self._since_ns = t_ns
        self._least: float | None = None  # over the window
        self._recent: float | None = None  # over the last second

    def time_ns(self, position: float) -> int:
        """When the sample at ``position`` was heard."""
        return self._base_ns + round((position - self._base) * self._nominal * (1 + self.drift))

    def follows(self, n: int, t_ns: int) -> bool:
        """Take note of ``n`` more samples, the first heard at ``t_ns`` by the driver's reckoning.

        False when they do not follow from what came before: sound was lost or the clock jumped.
        """
        end_ns = t_ns + round(n * self._nominal)
        late = float(end_ns - self.time_ns(self.position + n))
        if late < -JUMP_NS or self._is_gone(end_ns, late):
            return False
        self.position += n
        if late < 0:
            slide = max(late, -SLIDE_NS)
            self._base_ns += round(slide)
            self._slid += slide
            late -= slide
        self._least = late if self._least is None else min(self._least, late)
        if end_ns - self._window_ns >= WINDOW_NS:
            self._learn(end_ns)
        return True

    def _is_gone(self, now_ns: int, late: float) -> bool:
        self._recent = late if self._recent is None else min(self._recent, late)
        if now_ns - self._since_ns < GONE_FOR_NS:
            return False
        gone = self._recent > GONE_NS
        self._since_ns, self._recent = now_ns, None
        return gone

    def _learn(self, now_ns: int) -> None:
        """Move the model onto the window's edge, and its drift by a part of how far that was."""
        edge = max(0.0, self._least or 0.0)
        self._base_ns, self._base = self.time_ns(self.position) + round(edge), self.position
        if self._settled:
            off = (edge + self._slid) / (now_ns - self._window_ns)
            self.drift = max(-MOST_DRIFT, min(MOST_DRIFT, self.drift + LEARN * off))
        self._settled, self._window_ns, self._least, self._slid = True, now_ns, None, 0.0
