from __future__ import annotations

import io
import subprocess
import sys
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.clock import VirtualClock
from runtime.core.log import Log, LogRing, make_logger


def test_a_line_is_plain_and_timed_by_the_clock(clock: VirtualClock) -> None:
    stream = io.StringIO()
    log = make_logger(clock, LogRing(), stream).bind(part="camera")
    clock.advance(1.5)
    log.warning("part failed", error="DeviceLostError: gone", again_in_s=0.1, n=3, empty="")
    assert stream.getvalue() == (
        "2026-01-01T00:00:01.500Z warning camera     part failed"
        " error='DeviceLostError: gone' again_in_s=0.1 n=3 empty=''\n"
    )


def test_json_lines(clock: VirtualClock) -> None:
    stream = io.StringIO()
    make_logger(clock, LogRing(), stream, json=True).info("started", part="imu", path={1: object})
    entry = msgspec.json.decode(stream.getvalue())
    assert entry == {
        "path": {"1": "<class 'object'>"},
        "time": "2026-01-01T00:00:00.000Z",
        "level": "info",
        "part": "imu",
        "event": "started",
    }


def test_the_stream_has_its_level_and_the_ring_has_all(clock: VirtualClock) -> None:
    stream, ring = io.StringIO(), LogRing()
    log = make_logger(clock, ring, stream, level="warning")
    for say in (log.debug, log.info, log.warning, log.error):
        say("x")
    assert len(stream.getvalue().splitlines()) == 2
    assert [entry.level for entry in ring.entries()] == ["debug", "info", "warning", "error"]


def test_the_ring_keeps_the_last_and_answers_questions(clock: VirtualClock) -> None:
    ring = LogRing(capacity=10)
    log = make_logger(clock, ring)
    for n in range(30):
        log.bind(part="imu" if n % 2 else "hud").info(f"event {n}")
    log.error("end", part="imu")
    assert [entry.seq for entry in ring.entries()] == list(range(22, 32))
    assert {entry.part for entry in ring.entries(part="hud")} == {"hud"}
    assert [entry.event for entry in ring.entries("error")] == ["end"]
    assert [entry.event for entry in ring.entries(last=1)] == ["end"]
    assert ring.entries(last=0) == []
    assert [entry.seq for entry in ring.entries(after=29)] == [30, 31]


@given(st.text(), st.dictionaries(st.sampled_from("abcd"), st.text() | st.floats() | st.none() | st.binary()))
def test_whatever_is_said_one_entry_is_one_line(event: str, fields: dict[str, object]) -> None:
    streams = io.StringIO(newline=""), io.StringIO(newline="")
    for stream, json in zip(streams, (False, True), strict=True):
        make_logger(VirtualClock(), LogRing(), stream, json=json).info(event, **fields)
        text = stream.getvalue()
        assert text.endswith("\n")
        assert len(text.split("\n") if json else text.splitlines()) == 1 + json


def test_percent_signs_are_text(log: Log, ring: LogRing) -> None:
    log.info("80 % of %s")
    assert ring.entries()[0].event == "80 % of %s"


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_does_not_reach_who_logs(clock: VirtualClock) -> None:
    ring, closed = LogRing(), io.StringIO()
    closed.close()
    make_logger(clock, ring, Broken()).error("a")
    make_logger(clock, ring, closed).error("b")
    assert [entry.event for entry in ring.entries()] == ["a", "b"]


def test_the_same_run_writes_the_same_bytes() -> None:
    def run() -> str:
        clock, stream = VirtualClock(), io.StringIO()
        log = make_logger(clock, LogRing(), stream).bind(part="sense")
        for n in range(50):
            clock.advance(0.013)
            log.info("step", n=n, x=n / 3)
        return stream.getvalue()

    assert run() == run()


def test_any_thread_may_log(log: Log, ring: LogRing) -> None:
    threads = [threading.Thread(target=lambda: [log.info("x") for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.seq for entry in ring.entries()) == list(range(1, 801))


def test_loggers_share_nothing_with_the_process(clock: VirtualClock) -> None:
    program = "import runtime.core.log, structlog, sys; sys.exit(structlog.is_configured())"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize("value", ["plain", 1.25, None, True])
def test_simple_values_stand_unquoted(clock: VirtualClock, value: object) -> None:
    stream = io.StringIO()
    make_logger(clock, LogRing(), stream).info("x", value=value)
    assert stream.getvalue().endswith(f" value={value}\n")
