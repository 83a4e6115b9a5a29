"""The watchdog: a part that stops giving signs of life is a fault, and systemd hears of us while all do.

``sd_notify`` is spoken here over a plain datagram socket (man sd_notify(3), sd_watchdog_enabled(3)).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping

import msgspec

from runtime.core.clock import NS, Clock

PERIOD_S = 1.0


class Notifier:
    """Tells systemd how we are; says nothing when ``environ`` names no socket. Never waits, never raises."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # the kernel's own name for an abstract socket
            self._address = "\0" + self._address[1:]
        micros = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(micros) / 1e6 if ours and micros.isdecimal() else 0.0

    def ready(self) -> None:
        """Start-up is over."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Shutdown has begun."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """The watchdog's kick."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, message: str) -> None:
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as link:
            link.sendto(message.encode(), self._address)


class _Watch(msgspec.Struct):
    limit_ns: int
    text: str
    kicked_ns: int
    late: bool = False


class Watchdog:
    """Watches parts that promised to kick; ``report`` is ``Supervisor.report``."""

    def __init__(self, clock: Clock, report: Callable[[str, str | None], None], notifier: Notifier) -> None:
        self._clock, self._report, self._notifier = clock, report, notifier
        self._watches: dict[str, _Watch] = {}

    @contextlib.contextmanager
    def watch(self, name: str, limit_s: float, text: str) -> Iterator[None]:
        """While inside, ``name`` must ``kick`` at least each ``limit_s``, else ``text`` is its fault.

        A part enters this in its ``run``, so that one which has died or waits for its next start (the
        supervisor's business) does not count as stuck.
        """
        watch = self._watches[name] = _Watch(round(limit_s * NS), text, self._clock.now_ns())
        try:
            yield
        finally:
            if self._watches.get(name) is watch:
                del self._watches[name]

    def kick(self, name: str) -> None:
        """A sign of life; names nobody watches are fine."""
        watch = self._watches.get(name)
        if watch is not None:
            watch.kicked_ns = self._clock.now_ns()

    @property
    def stuck(self) -> tuple[str, ...]:
        """The parts whose kick is overdue."""
        now_ns = self._clock.now_ns()
        return tuple(name for name, w in self._watches.items() if now_ns - w.kicked_ns > w.limit_ns)

    async def run(self) -> None:
        """Look after everybody for ever. systemd gets its kick at half its limit, and only when no part
        is stuck; when the loop itself is, this does not run and there is none either.
        """
        half_s = self._notifier.watchdog_s / 2
        while True:
            stuck = self.stuck
            self._tell(stuck)
            if half_s and not stuck:
                self._notifier.alive()
            await self._clock.sleep(min(PERIOD_S, half_s or PERIOD_S))

    def _tell(self, stuck: tuple[str, ...]) -> None:
        for name, watch in self._watches.items():
            late = name in stuck
            if late != watch.late:
                watch.late = late
                self._report(name, watch.text if late else None)
