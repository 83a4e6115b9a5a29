"""The driver on a line in memory, on a pseudo-terminal, and on the emulated receiver."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceLostError, Fix
from drivers.gnss.ground import RADIUS_68
from drivers.gnss.nmea import NmeaGnss
from drivers.serial.base import ByteStream
from drivers.serial.memory import pair
from drivers.serial.port import SerialPort
from drivers.serial.pty import Pty
from runtime.core.clock import VirtualClock
from tests.drivers.gnss.said import COLD, gga, line, rmc

MS = 1_000_000
VTG = line("GPVTG,054.7,T,034.4,M,002.5,N,004.6,K")
GSA = line("GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1")


class Bench:
    """A driver, the far end of its line, and a clock that both share."""

    def __init__(self, baud: int = 115_200) -> None:
        self.clock = VirtualClock()
        self.far: ByteStream
        self.gnss = NmeaGnss(self._connect, self.clock, baud, 50 * MS)
        self.gnss.open()

    def _connect(self) -> ByteStream:
        near, self.far = pair()
        return near

    def hear(self, data: bytes, then_s: float = 0.1) -> list[Fix]:
        """``data`` comes at once; look then, and again after ``then_s`` of quiet."""
        self.far.write(data)
        fixes = self.gnss.read()
        self.clock.advance(then_s)
        return fixes + self.gnss.read()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("order", list(itertools.permutations([gga(), rmc(), VTG, GSA])))
def test_one_fix_an_epoch_whatever_the_order(bench: Bench, order: tuple[bytes, ...]) -> None:
    (fix,) = bench.hear(b"".join(order))
    assert (fix.latitude, fix.longitude) == pytest.approx((48.1173, 11.516667))
    assert fix.utc_s == 1_774_269_319
    assert fix.satellites == 8 and fix.altitude_m == 545.4 and fix.source == "gnss"
    assert fix.speed_mps == pytest.approx(1.26, abs=0.05)
    later = [part.replace(b"123519", b"123520") for part in order]
    again = bench.hear(line_of(later))
    assert len(again) == 1


def line_of(parts: list[bytes]) -> bytes:
    """The parts with their sums made new."""
    return b"".join(line(part[1:].split(b"*")[0].decode()) for part in parts)


def test_a_fix_is_out_with_its_last_sentence_and_waits_for_none_that_never_comes(bench: Bench) -> None:
    assert len(bench.hear(gga() + rmc() + GSA)) == 1  # the first waits for quiet: nothing is known yet
    bench.far.write(gga("123520") + rmc("123520"))
    assert len(bench.gnss.read()) == 1, "at once: all that usually comes is there"
    bench.clock.advance(1)
    bench.far.write(gga("123521"))
    assert bench.gnss.read() == []
    bench.clock.advance(0.1)
    assert len(bench.gnss.read()) == 1, "RMC stays away: a short quiet is enough"
    bench.clock.advance(0.9)
    bench.far.write(rmc("123521"))  # it was only late
    assert bench.gnss.read() == []
    assert bench.hear(b"") == []


def test_a_line_that_is_never_quiet(bench: Bench) -> None:
    data = b"".join(gga(f"1235{s:02}") + GSA + VTG for s in range(5))
    assert [fix.utc_s for fix in bench.hear(data)] == [None] * 5


def test_accuracy_from_the_deviation_or_from_dilution(bench: Bench) -> None:
    assert bench.hear(gga())[0].accuracy_m == pytest.approx(0.9 * 4.6 / 2**0.5 * RADIUS_68)
    gst = line("GPGST,123520,1.8,,,,3.0,4.0,2.2")
    assert bench.hear(gst + gga("123520"))[0].accuracy_m == pytest.approx(12.5**0.5 * RADIUS_68)
    assert bench.hear(rmc("123521") + GSA)[0].accuracy_m == pytest.approx(1.3 * 4.6 / 2**0.5 * RADIUS_68)
    bench.clock.advance(20)
    assert bench.hear(rmc("123545"))[0].accuracy_m > 15, "no dilution told: not much is claimed"


def test_a_cold_start_gives_nothing_until_there_is_a_fix(bench: Bench) -> None:
    for _ in range(3):
        assert bench.hear(COLD, 1.0) == []
    assert bench.hear(gga(quality="0") + rmc(status="V")) == []
    assert bench.hear(gga("123521") + rmc("123521", status="V")) == [], "one of two warns: not believed"
    assert len(bench.hear(gga("123522") + rmc("123522"))) == 1
    assert bench.gnss.state.unreadable == 0


def test_what_went_wrong_is_counted(bench: Bench) -> None:
    bench.hear(gga().replace(b"4807", b"4808") + b"\x00\xffjunk\r\n" + line("GPGGA,123519,x,N,,,1,,,,,,,,"))
    state = bench.gnss.state
    assert (state.sentences, state.bad_checksums, state.unreadable) == (0, 1, 1)
    assert state.garbage_bytes == 6
    bench.hear(line("GPGSV,1,1,09") + line("GLGSV,1,1,05") + GSA)
    assert (bench.gnss.state.in_view, bench.gnss.state.hdop) == (14, 1.3)
    bench.clock.advance(30)
    assert bench.gnss.state.in_view == 0


def test_hours_days_and_a_missing_date(bench: Bench) -> None:
    assert bench.hear(gga("225959"))[0].utc_s is None
    (fix,) = bench.hear(rmc("225960", date="311226"))
    assert fix.utc_s == 1_798_758_000, "a leap second is a second"
    assert bench.hear(gga("235959.00"))[0].utc_s == 1_798_761_599
    assert bench.hear(gga("000000.00"))[0].utc_s == 1_798_761_600, "midnight, before the new date was told"
    assert bench.hear(rmc("000001.00", date="010127"))[0].utc_s == 1_798_761_601


def test_a_clock_that_is_set_back_is_counted_and_a_stamp_told_twice_is_not_a_new_fix(bench: Bench) -> None:
    assert len(bench.hear(rmc("120000"), 1.0)) == 1
    assert len(bench.hear(rmc("110000"), 1.0)) == 1
    assert bench.gnss.state.clock_steps == 1
    assert bench.hear(rmc("110000"), 1.0) == []


def test_time_is_that_of_the_first_byte_less_the_latency(bench: Bench) -> None:
    bench.clock.advance(10)
    burst = rmc("120000") + gga("120000")
    (fix,) = bench.hear(burst, 1.0)
    spent_ns = len(burst) * 10 * 1_000_000_000 // 115_200
    assert fix.t_ns == pytest.approx(10_000_000_000 - spent_ns - 50 * MS, abs=1000)


def test_fixes_that_were_read_late_keep_their_distances(bench: Bench) -> None:
    seconds = iter(range(60))

    def burst() -> bytes:
        second = next(seconds)
        return rmc(f"1200{second:02}") + gga(f"1200{second:02}")

    early = [fix for _ in range(5) for fix in bench.hear(burst(), 1.0)]
    bench.clock.advance(3.0)  # the loop hung: three bursts wait in the kernel
    late = bench.hear(burst() + burst() + burst() + burst(), 0.1)
    times = [fix.t_ns / 1e9 for fix in early + late]
    assert [b - a for a, b in itertools.pairwise(times)] == pytest.approx([1.0] * 8, abs=0.01)


def test_garbage_for_ever_neither_blocks_nor_grows(bench: Bench) -> None:
    noise = random.Random(1)
    for _ in range(50):
        assert bench.hear(noise.randbytes(4000)) == []
    assert bench.gnss.state.garbage_bytes > 190_000

    class Endless:
        """A port that is never empty."""

        name = "endless"

        def read(self, timeout_s: float) -> bytes:
            return b"$" * 4096

        def write(self, data: bytes) -> None: ...

        def close(self) -> None: ...

    gnss = NmeaGnss(Endless, bench.clock, 9600, 0)
    gnss.open()
    assert gnss.read() == []
    gnss.close()
    assert gnss.read() == []


@given(
    st.lists(st.one_of(st.binary(max_size=90), st.sampled_from([gga(), rmc(), VTG, GSA, COLD])), max_size=20)
)
def test_any_stream_gives_fixes_in_range_and_no_error(parts: list[bytes]) -> None:
    bench = Bench()
    for part in parts:
        for fix in bench.hear(part, 0.3):
            assert -90 <= fix.latitude <= 90 and -180 <= fix.longitude <= 180 and fix.accuracy_m > 0


def test_a_cable_that_is_pulled_and_put_back(bench: Bench) -> None:
    bench.hear(gga())
    bench.far.close()
    with pytest.raises(DeviceLostError):
        bench.gnss.read()
    bench.gnss.open()
    assert len(bench.hear(gga("123530"))) == 1
    assert bench.gnss.state.fixes == 2


@pytest.fixture
def pty() -> Iterator[Pty]:
    line_end = Pty()
    yield line_end
    line_end.close()


def test_on_a_real_serial_port(pty: Pty) -> None:
    clock = VirtualClock()
    gnss = NmeaGnss(lambda: SerialPort(pty.name, 9600), clock, 9600, 0)
    gnss.open()
    os.write(pty._ours, gga() + rmc()[:20])
    assert gnss.read() == []
    clock.advance(0.02)
    os.write(pty._ours, rmc()[20:])
    fixes = gnss.read()
    clock.advance(0.1)
    fixes += gnss.read()
    assert [(round(fix.latitude, 4), fix.utc_s) for fix in fixes] == [(48.1173, 1_774_269_319)]
    gnss.close()
    gnss.close()
