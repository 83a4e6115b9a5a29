from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core import codec
from runtime.core.bus import Bus
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.errors import RecordingError
from runtime.core.log import Log
from runtime.core.messages import Arrow, Pose
from runtime.core.record import Recorder
from runtime.core.replay import Played, play, read
from runtime.core.topics import ARROW, IMU, POSE, Topic
from tests.runtime.core.test_record import walk

AT_S = (0.5, 0.75, 2.0, 10.0)


@pytest.fixture
def recording(tmp_path: Path, log: Log) -> Path:
    """Four arrows at AT_S after 100 s of up-time, and a walk of two seconds at the end."""
    clock = VirtualClock()
    bus = Bus(clock)

    async def main() -> None:
        recorder = Recorder(bus, clock, log)
        await clock.sleep(100)
        await recorder.start(tmp_path / "a.mcap")
        for at_s in AT_S:
            await clock.sleep(100 + at_s - clock.now_ns() / NS)
            bus.publish(ARROW, Arrow(at_s))
        await walk(clock, bus, 2)
        await recorder.stop()

    run_virtual(clock, main())
    return tmp_path / "a.mcap"


def arrivals(recording: Path, topic: Topic[Any], **options: Any) -> tuple[Played, list[tuple[int, Any]]]:
    clock = VirtualClock()
    clock.advance(7)
    bus = Bus(clock)
    seen: list[tuple[int, Any]] = []
    bus.tap(topic, lambda message: seen.append((clock.now_ns() - 7 * NS, message)))
    return run_virtual(clock, play(recording, bus, clock, **options)), seen


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.25])
def test_messages_come_at_their_times(recording: Path, speed: float) -> None:
    played, seen = arrivals(recording, ARROW, speed=speed)
    assert [message.degrees for _, message in seen] == list(AT_S)
    assert [t_ns / NS for t_ns, _ in seen] == pytest.approx([(at_s - 0.5) / speed for at_s in AT_S])
    assert played == Played(404, 0, complete=True)


def test_only_the_topics_that_are_named(recording: Path) -> None:
    played, seen = arrivals(recording, POSE, topics=["pose"])
    assert (played.messages, len(seen)) == (200, 200)
    assert arrivals(recording, IMU, topics=["pose"])[1] == []


def test_times_inside_are_moved_to_now_and_keep_their_distances(recording: Path) -> None:
    _, poses = arrivals(recording, POSE, topics=["pose"], speed=2.0)
    steps = {b[1].t_ns - a[1].t_ns for a, b in itertools.pairwise(poses)}
    assert steps == {10_000_000}
    assert poses[0][1].t_ns == 7 * NS
    _, batches = arrivals(recording, IMU, topics=["imu"])
    assert batches[0][1].t_ns.tolist() == list(range(7 * NS, 7 * NS + 5))


def test_two_replays_are_the_same(recording: Path) -> None:
    first, second = (arrivals(recording, POSE) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_must_make_sense(recording: Path, speed: float) -> None:
    with pytest.raises(RecordingError, match="more than 0"):
        arrivals(recording, POSE, speed=speed)


def test_files_that_are_no_recordings(tmp_path: Path, recording: Path) -> None:
    for name, content in {"empty": b"", "text": b"hello, world, hello", "short": b"\x89MCAP"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingError, match="is not a recording"):
            list(read(tmp_path / name))
    with pytest.raises(RecordingError, match="No such file"):
        list(read(tmp_path / "nowhere"))
    with pytest.raises(RecordingError, match="no topic 'x'"):
        list(read(recording, ["x"]))


def test_a_cut_recording_is_read_as_far_as_it_is_whole(tmp_path: Path, recording: Path) -> None:
    whole, cut = recording.read_bytes(), tmp_path / "cut.mcap"
    everything = [(m.t_ns, m.topic.name) for m in read(recording)]
    counts = []
    for size in range(9, len(whole), 97):
        cut.write_bytes(whole[:size])
        played = Played()
        found = [(m.t_ns, m.topic.name) for m in read(cut, played=played)]
        assert found == everything[: len(found)]
        assert not played.complete
        counts.append(len(found))
    assert counts == sorted(counts)
    assert counts[-1] == len(everything)


def test_broken_bytes_raise_nothing_undocumented(tmp_path: Path, recording: Path) -> None:
    whole, broken = recording.read_bytes(), tmp_path / "broken.mcap"
    everything = [codec.encode(m.message) for m in read(recording)]

    @given(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), min_size=1, max_size=5))
    def check(changes: list[tuple[int, int]]) -> None:
        data = bytearray(whole)
        for place, value in changes:
            data[place] = value
        broken.write_bytes(data)
        try:
            found = [codec.encode(m.message) for m in read(broken)]
        except RecordingError as error:
            assert str(error)
            return
        rest = iter(everything)
        assert all(message in rest for message in found), "a message nobody published"

    check()


def test_messages_of_another_browline_are_counted(tmp_path: Path) -> None:
    from mcap.writer import Writer

    path = tmp_path / "other.mcap"
    writer: Any = Writer
    with path.open("wb") as file:
        out = writer(file)
        out.start()
        for topic, encoding in (("smell", "msgpack"), ("pose", "msgpack"), ("arrow", "json")):
            channel = out.register_channel(topic, encoding, 0)
            out.add_message(channel, 1, struct.pack(">Bd", 0xCB, 1.0), 1)
        out.finish()
    played = Played()
    assert list(read(path, played=played)) == []
    assert played == Played(0, 3, complete=True)


def test_a_pose_is_a_pose(recording: Path) -> None:
    assert {type(m.message) for m in read(recording, ["pose"])} == {Pose}
