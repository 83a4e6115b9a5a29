"""The supervisor: one failing part is not a failing device.

Each part is a coroutine function. When it dies it is started again, sooner at first and later by and by;
the wearer hears of an outage once when it begins and once when it is over, whatever happens between.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.errors import UnknownPartError, describe
from runtime.core.log import Log
from runtime.core.messages import Fault
from runtime.core.topics import FAULT

FIRST_DELAY_S, LAST_DELAY_S = 0.1, 10.0
HEALTHY_S = 10.0  # a life this long was a good one: the next delay is the first again
SETTLE_S = 3.0  # a part that came back is believed after this long, or when it says so itself
STOP_LIMIT_S = 3.0

Run = Callable[[], Awaitable[None]]
State = Literal["running", "faulty", "waiting", "done", "stopped"]


class PartStatus(msgspec.Struct, frozen=True):
    """A part as the console's ``status`` shows it, in its ``state`` since ``since_ns``.

    running · faulty: runs, but reported a fault · waiting: for its next start · done: it ended by itself.
    """

    name: str
    state: State
    restarts: int
    last_error: str
    since_ns: int


class _Part:
    """A part's own book-keeping."""

    def __init__(self, name: str, run: Run, text: str, now_ns: int) -> None:
        self.name, self.run, self.text = name, run, text
        self.state: State = "running"
        self.since_ns = self.started_ns = now_ns
        self.restarts = 0
        self.last_error = ""
        self.delay_s = FIRST_DELAY_S
        self.settle_s = SETTLE_S
        self.settling = False  # came back and is not yet believed
        self.task: asyncio.Task[None] | None = None
        self.leaving: set[asyncio.Task[None]] = set()


class Supervisor:
    """Keeps parts running; publishes ``Fault`` when one goes and when it is back."""

    def __init__(self, clock: Clock, bus: Bus, log: Log) -> None:
        self._clock, self._bus, self._log = clock, bus, log
        self._parts: dict[str, _Part] = {}
        self._faults: dict[str, str] = {}

    @property
    def faults(self) -> dict[str, str]:
        """The faults that stand: part → its line, oldest first."""
        return dict(self._faults)

    def add(self, name: str, run: Run, *, text: str) -> None:
        """Start ``run`` and keep it running. ``text`` is what the wearer is told when it fails: one calm
        line ("Camera lost. Trying again."). Call it on the loop.
        """
        if name in self._parts:
            raise ValueError(f"two parts are called {name!r}: give one another name")
        part = self._parts[name] = _Part(name, run, text, self._clock.now_ns())
        self._begin(part)

    def status(self) -> list[PartStatus]:
        """Every part, in the order they were added."""
        return [
            PartStatus(p.name, self._state(p), p.restarts, p.last_error, p.since_ns)
            for p in self._parts.values()
        ]

    def restart(self, name: str) -> None:
        """Cancel the part and start it afresh once it has cleaned up. Raises UnknownPartError."""
        part = self._parts.get(name)
        if part is None:
            raise UnknownPartError(f"no part is called {name!r}; there are: {', '.join(self._parts)}")
        self._log.info("restart asked for", part=name)
        part.restarts += 1
        part.delay_s, part.settle_s = FIRST_DELAY_S, SETTLE_S
        self._begin(part)

    def report(self, name: str, text: str | None) -> None:
        """A part that lives says that it has a fault, in one calm line, or (None) that all is well.

        The same line again says nothing new. ``name`` need not be a supervised part ("disk"). Call it on
        the loop.
        """
        if text is None:
            self._clear(name)
        elif self._faults.get(name) != text:
            self._raise_fault(name, text)
        if name in self._parts:
            self._parts[name].settling = False  # it speaks for itself now

    async def stop(self) -> None:
        """Cancel every part, the last added first, each one cleaned up before the next is asked."""
        for part in reversed(self._parts.values()):
            self._cancel(part)
            if part.leaving:
                _, late = await asyncio.wait(part.leaving, timeout=STOP_LIMIT_S)
                if late:
                    self._log.error("part does not stop, left behind", part=part.name)
            self._enter(part, "stopped")

    def _begin(self, part: _Part) -> None:
        self._cancel(part)
        self._enter(part, "running")
        part.task = asyncio.get_running_loop().create_task(self._keep(part), name=part.name)

    def _cancel(self, part: _Part) -> None:
        if part.task is not None and not part.task.done():
            part.task.cancel()
            part.leaving.add(part.task)
            part.task.add_done_callback(part.leaving.discard)

    async def _keep(self, part: _Part) -> None:
        while part.leaving:  # a device has one owner: the former life cleans up first
            await asyncio.wait(part.leaving)
        while not await self._live(part):
            self._enter(part, "waiting")
            delay_s = part.delay_s
            part.delay_s = min(2 * delay_s, LAST_DELAY_S)
            await self._clock.sleep(delay_s)
            part.restarts += 1
        if not cancelled():
            self._enter(part, "done")
            self._log.info("part ended", part=part.name)
            self._clear(part.name)

    async def _live(self, part: _Part) -> bool:
        """One life of the part: true when it ended, by itself or cancelled; false when it died."""
        self._enter(part, "running")
        part.started_ns = part.since_ns
        part.settling = part.name in self._faults
        settle = asyncio.get_running_loop().create_task(self._settle(part)) if part.settling else None
        try:
            await part.run()
        except asyncio.CancelledError as error:
            if cancelled():
                raise
            self._died(part, error)  # not we: something the part waited for was cancelled
        except Exception as error:  # the one place that must outlive whatever a part does
            self._died(part, error)
        else:
            return True
        finally:
            if settle is not None:
                settle.cancel()
        return cancelled()

    async def _settle(self, part: _Part) -> None:
        await self._clock.sleep(part.settle_s)
        if part.settling:
            self._clear(part.name)

    def _died(self, part: _Part, error: BaseException) -> None:
        life_s = (self._clock.now_ns() - part.started_ns) / NS
        if life_s >= HEALTHY_S:
            part.delay_s, part.settle_s = FIRST_DELAY_S, SETTLE_S
        else:  # one that takes 3 s to fail again must not be called back after 1 s
            part.settle_s = max(SETTLE_S, 2 * life_s)
        before, part.last_error = part.last_error, describe(error)
        news = part.name not in self._faults or part.last_error != before
        tell = self._log.warning if news else self._log.debug
        tell("part failed", part=part.name, error=part.last_error, again_in_s=part.delay_s)
        self._log.debug("traceback", part=part.name, text="".join(traceback.format_exception(error)))
        if part.name not in self._faults:
            self._raise_fault(part.name, part.text)

    def _raise_fault(self, name: str, text: str) -> None:
        self._faults[name] = text
        self._log.warning("fault", part=name, text=text)
        self._bus.publish(FAULT, Fault(self._clock.now_ns(), name, text))

    def _clear(self, name: str) -> None:
        text = self._faults.pop(name, None)
        if text is not None:
            self._log.info("fault over", part=name)
            self._bus.publish(
                FAULT, Fault(self._clock.now_ns(), name, f"{_works(name, text)} again.", up=True)
            )

    def _enter(self, part: _Part, state: State) -> None:
        part.state, part.since_ns = state, self._clock.now_ns()

    def _state(self, part: _Part) -> State:
        return "faulty" if part.state == "running" and part.name in self._faults else part.state


def cancelled() -> bool:
    """Whether the running task itself was cancelled, whatever its own tasks were and even if it swallowed that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _works(name: str, text: str) -> str:
    """That it works, as the wearer calls it: "Head tracking lost. Trying again." was about head tracking."""
    subject, lost, _ = text.partition(" lost.")
    subject = subject if lost else name[:1].upper() + name[1:]
    return subject + (" work" if subject.endswith("s") else " works")
