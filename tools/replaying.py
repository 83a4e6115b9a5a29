"""A recorded walk through the whole glasses again, on virtual time: a recording of the glasses', or a GPX track.

What drivers and wearer said is played, and what a feature made of the camera (signs that were read); places, headings
and guidance are computed anew. Nothing is simulated: there is no receiver, and the IMU is the recording's or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from boards import spec
from drivers.base import ImuSamples
from drivers.camera.decode import load_picture
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.app import Glasses
from runtime.core import replay as recordings
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.errors import RecordingError
from runtime.core.messages import Place, Request
from runtime.core.replay import Played, Recorded, moved, publish
from runtime.core.topics import FIX, PLACE
from runtime.features.navigate.asks import ACTION
from runtime.features.navigate.routes.route import Route
from tools.gpx_track import Track, is_gpx, read_track
from tools.walk_glasses import Show, Tell, Walk, bare_board, follow, glasses_for

STARTS_S = 1.0  # until every part runs
ENDS_S = 1.0  # after the last message; silence is told after five
GAP_S = 60.0  # longer ones are cut: nothing is known after half of that
NOTHING = "nothing of a walk is in it: record fix and imu, or give a GPX track with times"


class Material(msgspec.Struct):
    """A walk to be played: where from, whose IMU, whether the wearer started to navigate in it, what was left out."""

    path: Path
    gpx: bool
    imu: spec.Imu | None = None
    asks: bool = False
    played: Played = msgspec.field(default_factory=Played)
    track: Track = msgspec.field(default_factory=Track)

    @property
    def complete(self) -> bool:
        """Whether the file has its end."""
        return self.track.complete if self.gpx else self.played.complete

    def messages(self) -> Iterator[Recorded]:
        """All of it, in the order of time and without long gaps. Raises RecordingError."""
        if self.gpx:
            fixes = read_track(self.path, self.track)
            return without_gaps(Recorded(fix.t_ns, FIX, fix) for fix in fixes)
        return without_gaps(_of_a_walk(recordings.read(self.path, TOPICS, self.played)))


TOPICS = ("imu", "magnetic", "fix", "request", "reading")


def examine(path: Path) -> Material:
    """Look through the whole file once. Raises RecordingError where there is nothing to play."""
    material = Material(path, is_gpx(path))
    places = imu = 0
    for _, topic, message in material.messages():
        places += topic.name == "fix"
        imu += topic.name == "imu"
        asks = isinstance(message, Request) and message.argument == "start"
        material.asks = material.asks or asks
    if not places and material.track.timeless:
        raise RecordingError(f"{path}: no point has a time: `browline walk` walks a planned way")
    if not places:
        raise RecordingError(f"{path}: {NOTHING}")
    if imu:
        material.imu = _imu(path)
    return material


def play(
    material: Material, route: Route, language: str, tell: Tell = lambda _: None, show: Show | None = None
) -> Walk:
    """Once through the glasses with ``route``. Times are the recording's, from its first message on."""
    clock = VirtualClock()
    world = World(clock, Scenario(name="recorded", ends_s=0.0), load_picture)
    board = msgspec.structs.replace(bare_board(), gnss=None, imu=material.imu)
    with glasses_for(route, board, clock, world, language, on=not material.asks) as glasses:
        if material.imu is not None:
            glasses.parts = msgspec.structs.replace(glasses.parts, imu=NoImu(material.imu.rate_hz))
        return run_virtual(clock, _play(material, glasses, clock, tell, show))


async def _play(
    material: Material, glasses: Glasses, clock: VirtualClock, tell: Tell, show: Show | None
) -> Walk:
    places: list[tuple[float, float]] = []

    async def move() -> None:
        await clock.sleep(STARTS_S)
        again = msgspec.structs.replace(material, played=Played(), track=Track())
        await publish(again.messages(), glasses.bus, clock)
        await clock.sleep(ENDS_S)

    def note(place: Place) -> None:
        places.append((place.latitude, place.longitude))

    glasses.bus.tap(PLACE, note)
    with glasses.live.hold():
        walked = await follow(glasses, clock, move, tell, show, zero_s=STARTS_S)
    walked.truth = places  # as far as anybody knows
    return walked


class NoImu:
    """In the place of the IMU: its samples are the recording's."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz

    def open(self) -> None:
        """There is nothing to open."""

    def close(self) -> None:
        """There is nothing to close."""

    def read(self) -> ImuSamples:
        """No sample, ever."""
        none = np.zeros((0, 3), np.float32)
        return ImuSamples(np.zeros(0, np.int64), none, none, 0.0)


def without_gaps(messages: Iterator[Recorded]) -> Iterator[Recorded]:
    """The same, with gaps of at most GAP_S; where time goes back it stands still."""
    last_ns, shift_ns = None, 0
    for t_ns, topic, message in messages:
        step_ns = 0 if last_ns is None else t_ns - last_ns
        shift_ns -= max(0, step_ns - round(GAP_S * NS)) + min(0, step_ns)
        last_ns = t_ns
        yield Recorded(t_ns + shift_ns, topic, moved(message, shift_ns) if shift_ns else message)


def _of_a_walk(messages: Iterator[Recorded]) -> Iterator[Recorded]:
    """Of what the wearer asked for only what is about the way: there is no camera here."""
    for one in messages:
        if not isinstance(one.message, Request) or one.message.action == ACTION:
            yield one


def _imu(path: Path) -> spec.Imu:
    """The simulated IMU, with the axes and the rate of the one that was recorded, where the recording tells them."""
    ours, told = bare_board().imu, recordings.about(path).get("imu", "")
    assert ours is not None
    try:
        theirs = msgspec.json.decode(told, type=spec.Imu)
    except msgspec.MsgspecError:
        return ours
    return msgspec.structs.replace(
        ours, axes=theirs.axes, rate_hz=theirs.rate_hz, gyro_range_dps=theirs.gyro_range_dps
    )
