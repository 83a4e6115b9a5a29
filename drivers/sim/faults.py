"""Faults that the console can put into the simulated parts; randomness comes from a seed."""

from __future__ import annotations

import random

from drivers.base import ConfigError

KINDS: dict[str, tuple[str, ...]] = {
    "imu": ("nak", "stuck", "wrong_id", "brownout", "unplug"),
    "magnetometer": ("nak", "stuck", "wrong_id", "brownout", "unplug", "frozen", "magnet"),
    "camera": ("unplug", "freeze", "dark"),
    "display": ("nak", "unplug"),
    "light": ("dead",),
    "microphone": ("unplug", "overrun", "jump"),
    "battery": ("nak",),
    "gnss": ("unplug", "silent", "garbage", "backwards", "jump", "outage"),
    "keys": ("bounce",),
    "disk": ("full", "readonly"),
}


class Faults:
    """The faults that stand: part → kind → amount 0…1."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._active: dict[str, dict[str, float]] = {}
        self.kinds = KINDS

    def set(self, part: str, kind: str, amount: float = 1.0) -> None:
        """Let ``part`` fail as ``kind`` with this probability. Raises ConfigError that lists what exists."""
        if part not in KINDS:
            raise ConfigError(f"no part {part!r} can fail; there are: {', '.join(KINDS)}")
        if kind not in KINDS[part]:
            raise ConfigError(f"{part} can't fail as {kind!r}; it can as: {', '.join(KINDS[part])}")
        if not 0 < amount <= 1:
            raise ConfigError(f"{amount:g} is no probability; give 1 … 100 %")
        self._active.setdefault(part, {})[kind] = amount

    def clear(self, part: str | None = None) -> None:
        """Mend ``part``, or everything."""
        if part is None:
            self._active.clear()
        else:
            self._active.pop(part, None)

    def active(self, part: str) -> dict[str, float]:
        """The faults of ``part`` that stand, by kind."""
        return self._active.get(part, {})

    def strikes(self, part: str, kind: str) -> bool:
        """Whether the fault hits this time."""
        amount = self._active.get(part, {}).get(kind, 0.0)
        return amount >= 1 or (amount > 0 and self._random.random() < amount)

    def once(self, part: str, kind: str) -> bool:
        """As ``strikes``, and the fault is over with it: a brown-out passes."""
        if not self.strikes(part, kind):
            return False
        self._active[part].pop(kind)
        return True
