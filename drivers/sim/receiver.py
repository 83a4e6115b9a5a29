"""An emulated satellite receiver: NMEA 0183, one burst a second, byte by byte at the line's speed.

It is the far end of the UART, so the real driver runs unchanged: what it reads are the bytes that have left the
chip by now, in the middle of a sentence if need be.
"""

from __future__ import annotations

import datetime
import math
import random

from drivers.base import BusError, Clock, DeviceLostError
from drivers.gnss.epochs import UERE_M
from drivers.sim.reception import START_UTC_S, Measured
from drivers.sim.world import World

NS = 1_000_000_000
LATENCY_NS = 70_000_000  # from measuring to the first byte
BITS = 10  # start, eight, stop
BUFFER = 4096  # what a kernel keeps of a port that nobody reads
LONGEST_NS = 5 * NS  # after a longer silence of the reader nothing is made up for
JUMP_M = 80.0
KNOT = 1852 / 3600


class EmulatedReceiver:
    """A byte stream as of a serial port; ``world`` says where it is, and what is wrong with it."""

    name = "world:gnss"

    def __init__(self, world: World, clock: Clock, baud: int) -> None:
        """Open it. Raises BusError while it is unplugged."""
        if world.faults.strikes("gnss", "unplug"):
            raise BusError(f"{self.name}: there is no such port; is the receiver plugged in?")
        self._world, self._clock = world, clock
        self._byte_ns = BITS * NS // baud
        self._random = random.Random(7)
        self._epoch = (clock.now_ns() - world.start_ns) // NS + 1
        self._line = bytearray()  # what the chip has still to send, from ``_free_ns`` on
        self._free_ns = clock.now_ns()
        self._turned_s: float | None = None
        self._closed = False

    def read(self, timeout_s: float) -> bytes:
        """What has left the chip since the last read; never waits. Raises DeviceLostError."""
        if self._closed or self._world.faults.strikes("gnss", "unplug"):
            raise DeviceLostError(f"{self.name}: the port is gone; check the cable")
        now_ns = self._clock.now_ns()
        sent = bytearray()
        while (start_ns := self._world.start_ns + self._epoch * NS + LATENCY_NS) <= now_ns:
            sent += self._send(start_ns)
            self._free_ns = max(self._free_ns, start_ns)
            if now_ns - start_ns < LONGEST_NS:
                self._line += self._burst(start_ns - LATENCY_NS)
            self._epoch += 1
        sent += self._send(now_ns)
        return bytes(sent[-BUFFER:])

    def write(self, data: bytes) -> None:
        """Commands are taken and change nothing. Raises DeviceLostError."""
        if self._closed:
            raise DeviceLostError(f"{self.name}: is closed")

    def close(self) -> None:
        """Let go of the port."""
        self._closed = True

    def _send(self, until_ns: int) -> bytes:
        """The bytes that go over the line by then."""
        count = min(len(self._line), max(0, until_ns - self._free_ns) // self._byte_ns)
        sent = bytes(self._line[:count])
        del self._line[:count]
        self._free_ns = self._free_ns + count * self._byte_ns if self._line else until_ns
        return sent

    def _burst(self, t_ns: int) -> bytes:
        """What the chip says of the epoch at ``t_ns``, with the faults that stand."""
        faults = self._world.faults
        aside_m = JUMP_M if faults.strikes("gnss", "jump") else 0.0
        measured = self._world.satellites(t_ns, aside_m)
        if faults.strikes("gnss", "outage"):
            measured = None
        if faults.strikes("gnss", "silent"):
            return b""
        if faults.strikes("gnss", "garbage"):  # as of another baud rate
            return self._random.randbytes(400)
        return b"".join(frame(body) for body in tell(measured, self._utc(t_ns)))

    def _utc(self, t_ns: int) -> float:
        """The chip's clock; with the fault it runs backwards from where it was."""
        utc_s = START_UTC_S + (t_ns - self._world.start_ns) / NS + self._world.skew_s
        if not self._world.faults.strikes("gnss", "backwards"):
            self._turned_s = None
            return utc_s
        self._turned_s = utc_s if self._turned_s is None else self._turned_s
        return 2 * self._turned_s - utc_s - 1


def tell(measured: Measured | None, utc_s: float) -> list[str]:
    """The sentences of one epoch without "$" and sum, as a u-blox M8 orders them."""
    when = datetime.datetime.fromtimestamp(round(utc_s, 2), datetime.UTC)
    time = f"{when:%H%M%S}.{when.microsecond // 10_000:02}"
    if measured is None:
        return [
            f"GNRMC,{time},V,,,,,,,{when:%d%m%y},,,N", "GNVTG,,,,,,,,,N", f"GNGGA,{time},,,,,0,00,99.99,,,,,,",
            "GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99", "GPGSV,1,1,00",
        ]  # fmt: skip
    place = f"{_angle(measured.latitude, 2, 'NS')},{_angle(measured.longitude, 3, 'EW')}"
    knots, course = (
        measured.speed_mps / KNOT,
        "" if measured.course_deg is None else f"{measured.course_deg:.2f}",
    )
    hdop = measured.sd_m * math.sqrt(2) / UERE_M
    return [
        f"GNRMC,{time},A,{place},{knots:.3f},{course},{when:%d%m%y},,,A",
        f"GNVTG,{course},T,,M,{knots:.3f},N,{knots * 1.852:.3f},K,A",
        f"GNGGA,{time},{place},1,10,{hdop:.2f},12.0,M,10.0,M,,",
        f"GNGSA,A,3,02,05,07,13,15,20,,,,,,,{hdop * 1.7:.2f},{hdop:.2f},{hdop * 1.3:.2f}",
        "GPGSV,2,1,07,02,40,083,41,05,17,308,43,07,07,344,39,13,65,020,45",
        "GPGSV,2,2,07,15,28,154,38,20,51,211,44,30,12,280,31",
        "GBGSV,1,1,04,06,33,140,40,09,44,095,42,11,70,190,45,14,20,250,36",
    ]


def frame(body: str) -> bytes:
    """A sentence as it goes over the line: "$", the body, its sum."""
    total = 0
    for byte in body.encode("ascii"):
        total ^= byte
    return f"${body}*{total:02X}\r\n".encode("ascii")


def _angle(degrees: float, digits: int, signs: str) -> str:
    """Degrees and minutes to 2 cm, and the hemisphere."""
    units = round(abs(degrees) * 6_000_000)  # of 1e-5 minutes
    whole, minutes = divmod(units, 6_000_000)
    return f"{whole:0{digits}}{minutes / 1e5:08.5f},{signs[degrees < 0]}"
