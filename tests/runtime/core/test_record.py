from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from drivers.base import Frame, ImuSamples
from runtime.core import record
from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.errors import RecordingError
from runtime.core.log import Log, LogRing
from runtime.core.messages import Arrow, Card, Line, Pose
from runtime.core.record import Output, Recorder, Recording, Session, chosen
from runtime.core.replay import Played, about, read
from runtime.core.topics import ARROW, CARD, FRAME, IMU, POSE, TOPICS


class Filling(Output):
    """A file on a disk that has ``room`` for so many bytes."""

    def __init__(self, path: Path, room: int) -> None:
        super().__init__(path)
        self.room = room

    def write(self, data: bytes) -> None:
        super().write(data[: self.room])
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)


PICTURE = Frame(1, np.full((4, 4, 3), 0x5A, np.uint8), 1)


def imu(t_ns: int) -> ImuSamples:
    axes = np.ones((5, 3), np.float32)
    return ImuSamples(np.arange(t_ns, t_ns + 5, dtype=np.int64), axes, axes, 30.0)


async def walk(clock: VirtualClock, bus: Bus, seconds: float) -> None:
    for n in range(round(seconds * 100)):
        await clock.sleep(0.01)
        bus.publish(IMU, imu(clock.now_ns()))
        bus.publish(POSE, Pose(clock.now_ns(), (1.0, 0.0, 0.0, 0.0), n / 7, 0.0, 0.0, (0.0, 0.0, 0.0)))
        bus.publish(FRAME, PICTURE)


def test_everything_published_is_in_the_file(tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log) -> None:
    recorder = Recorder(bus, clock, log)

    async def main() -> Recording:
        await walk(clock, bus, 0.5)
        await recorder.start(tmp_path / "a.mcap")
        assert recorder.path == tmp_path / "a.mcap"
        await walk(clock, bus, 3)
        bus.publish(CARD, Card("snap", (Line("Tea"),)))
        done = await recorder.stop()
        await walk(clock, bus, 0.5)
        return done

    done = run_virtual(clock, main())
    assert (done.messages, done.dropped, recorder.path) == (601, 0, None)
    assert done.bytes == (tmp_path / "a.mcap").stat().st_size
    played = Played()
    found = list(read(tmp_path / "a.mcap", played=played))
    assert played == Played(601, 0, complete=True)
    assert [m.topic for m in found].count(IMU) == 300, "every one, though the topic keeps the latest only"
    assert found[0].t_ns == 510_000_000
    assert (found[-1].topic, found[-1].message) == (CARD, Card("snap", (Line("Tea"),)))


def test_other_tools_read_the_file(tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log) -> None:
    from mcap.reader import make_reader

    async def main() -> None:
        recorder = Recorder(bus, clock, log)
        await recorder.start(tmp_path / "a.mcap", ["pose", "imu"])
        await walk(clock, bus, 3)
        await recorder.stop()

    run_virtual(clock, main())
    with (tmp_path / "a.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
        assert summary is not None and summary.statistics is not None
        assert summary.statistics.message_count == 600
        assert len(summary.chunk_indexes) >= 6, "three seconds, a chunk each half"
        assert {channel.topic for channel in summary.channels.values()} == {"imu", "pose"}
        times = [message.log_time for _, _, message in make_reader(file).iter_messages("pose")]
    assert times == [n * 10_000_000 for n in range(1, 301)]


def test_pictures_and_sound_go_in_only_when_named(tmp_path: Path, clock: VirtualClock, log: Log) -> None:
    async def main(name: str, include: tuple[str, ...]) -> bytes:
        bus = Bus(clock)
        recorder = Recorder(bus, clock, log)
        await recorder.start(tmp_path / name, include=include)
        await walk(clock, bus, 1)
        await recorder.stop()
        return b"".join(m.message.image.tobytes() for m in read(tmp_path / name) if m.topic is FRAME)

    assert run_virtual(clock, main("unasked.mcap", ())) == b""
    assert run_virtual(clock, main("asked.mcap", ("camera",))) == PICTURE.image.tobytes() * 100


def test_what_is_chosen() -> None:
    everyday = {topic.name for topic in chosen()}
    assert everyday == set(TOPICS) - {"camera", "audio"}
    assert chosen(["pose"]) == [POSE]
    assert chosen(["pose"], ["camera"]) == [POSE, FRAME]
    assert chosen(["camera"], ["camera"]) == [FRAME]
    assert {topic.name for topic in chosen([], ["audio"])} == everyday | {"audio"}
    for name in ("camera", "audio"):
        with pytest.raises(RecordingError, match=f"only when you ask for it: include {name}"):
            chosen([name])
    with pytest.raises(RecordingError, match="no topic 'x'; there are: imu, pose"):
        chosen(include=["x"])


def test_starts_and_stops_that_make_no_sense(tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log) -> None:
    recorder = Recorder(bus, clock, log)

    async def main() -> None:
        with pytest.raises(RecordingError, match="nothing is being recorded"):
            await recorder.stop()
        with pytest.raises(RecordingError, match="No such file or directory; choose another"):
            await recorder.start(tmp_path / "no" / "a.mcap")
        await recorder.start(tmp_path / "a.mcap")
        with pytest.raises(RecordingError, match=r"already recording to .*a\.mcap: stop that first"):
            await recorder.start(tmp_path / "b.mcap")
        await recorder.stop()
        with pytest.raises(RecordingError, match="File exists"):
            await recorder.start(tmp_path / "a.mcap")
        await recorder.start(tmp_path / "b.mcap")
        await recorder.stop()

    run_virtual(clock, main())


def test_a_full_disk_ends_the_recording_and_nothing_else(
    tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log, ring: LogRing
) -> None:
    cards = bus.subscribe(CARD)
    path = tmp_path / "a.mcap"

    async def main() -> None:
        recorder = Recorder(bus, clock, log, lambda path: Filling(path, room=40_000))
        await recorder.start(path)
        await walk(clock, bus, 30)
        assert recorder.path is None
        with pytest.raises(RecordingError, match="nothing is being recorded"):
            await recorder.stop()
        await recorder.start(tmp_path / "b.mcap", ["arrow"])
        bus.publish(ARROW, Arrow(1.0))
        assert (await recorder.stop()).messages == 1

    run_virtual(clock, main())
    told = [card for card in iter(cards.take, None) if card is not None]
    assert told == [Card("recording", (Line("Storage is full. Recording stopped."),), ttl_s=6.0)]
    assert len(ring.entries("error")) == 1
    played = Played()
    whole = list(read(path, played=played))
    assert len(whole) > 200
    assert not played.complete


def test_a_disk_that_is_full_at_the_start_or_at_the_end(
    tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log
) -> None:
    async def main(room: int) -> str:
        recorder = Recorder(bus, clock, log, lambda path: Filling(path, room))
        try:
            await recorder.start(tmp_path / f"{room}.mcap")
            await walk(clock, bus, 0.4)
            await recorder.stop()
        except RecordingError as error:
            return str(error)
        raise AssertionError("it fitted")

    assert "choose another" in run_virtual(clock, main(20))
    assert not (tmp_path / "20.mcap").exists()
    assert "the end of" in run_virtual(clock, main(1000))
    assert list(read(tmp_path / "1000.mcap")) == []


def test_after_a_failed_write_nothing_more_is_written(tmp_path: Path) -> None:
    session = Session(tmp_path / "a.mcap")
    file = Filling(session.path, 100_000)
    session.begin(lambda path: file, [ARROW], {})
    session.waiting.append(("arrow", 1, Arrow(1.0)))
    session.drain()
    file.room = 10
    session.waiting.append(("arrow", 2, Arrow(2.0)))
    with pytest.raises(OSError, match="No space"):
        session.drain()
    file.room = 100_000  # there is room again, but half a chunk stands in the file
    with pytest.raises(OSError, match="No space"):
        session.finish()
    assert [m.message for m in read(session.path)] == [Arrow(1.0)]


def test_a_slow_disk_drops_and_counts(tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log) -> None:
    async def main() -> Recording:
        recorder = Recorder(bus, clock, log)
        await recorder.start(tmp_path / "a.mcap", ["arrow"])
        for n in range(record.BACKLOG + 5):
            bus.publish(ARROW, Arrow(n))
        bus.publish(ARROW, Arrow(None))
        return await recorder.stop()

    done = run_virtual(clock, main())
    assert (done.messages, done.dropped) == (record.BACKLOG, 6)


def test_what_can_not_be_encoded_is_left_out(tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log) -> None:
    async def main() -> Recording:
        recorder = Recorder(bus, clock, log)
        await recorder.start(tmp_path / "a.mcap", ["arrow"])
        bus.publish(ARROW, Arrow(object()))  # type: ignore[arg-type]
        bus.publish(ARROW, Arrow(2.0))
        return await recorder.stop()

    done = run_virtual(clock, main())
    assert (done.messages, done.dropped) == (1, 1)


def test_the_same_run_records_the_same_bytes(tmp_path: Path, log: Log) -> None:
    async def main(clock: VirtualClock, path: Path) -> None:
        bus = Bus(clock)
        recorder = Recorder(bus, clock, log)
        await recorder.start(path)
        await walk(clock, bus, 3)
        await recorder.stop()

    for name in "ab":
        clock = VirtualClock()
        run_virtual(clock, main(clock, tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


KILLED = """
import asyncio, sys
from pathlib import Path
from runtime.core.bus import Bus
from runtime.core.clock import RealClock
from runtime.core.log import LogRing, make_logger
from runtime.core.messages import Arrow
from runtime.core.record import Recorder
from runtime.core.topics import ARROW

async def main():
    clock = RealClock()
    bus = Bus(clock)
    await Recorder(bus, clock, make_logger(clock, LogRing())).start(Path(sys.argv[1]))
    for n in range(10**6):
        bus.publish(ARROW, Arrow(n))
        print(n, flush=True)
        await clock.sleep(0.005)

asyncio.run(main())
"""


def test_a_killed_process_leaves_a_recording_up_to_its_last_second(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(1.6)
        child.send_signal(signal.SIGKILL)
        last = int(child.stdout.read().split()[-1])
    played = Played()
    found = [m.message.degrees for m in read(path, played=played)]
    assert found == list(range(len(found)))
    assert not played.complete
    assert last - len(found) < 250, "more than the last second is missing"
    assert len(found) > 50


def test_a_recording_says_what_it_was_made_on(
    tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log
) -> None:
    recorder = Recorder(bus, clock, log, about={"board": "rock5b"})

    async def main() -> None:
        await recorder.start(tmp_path / "a.mcap")
        await walk(clock, bus, 0.5)
        await recorder.stop()

    run_virtual(clock, main())
    assert about(tmp_path / "a.mcap") == {"board": "rock5b", "wall_ns": str(1_767_225_600 * 10**9)}
    (tmp_path / "b.mcap").write_bytes((tmp_path / "a.mcap").read_bytes()[:20])
    assert about(tmp_path / "b.mcap") == {}
    with pytest.raises(RecordingError, match="can't read"):
        about(tmp_path / "c.mcap")
