"""The service that owns the microphone: the light, faults, a recording that plays, somebody who is slow."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.audio.microphones import SimMicrophone
from drivers.base import AudioChunk, DeviceLostError
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from models.base import BackendError, FetchError, VoiceActivity
from models.speech.segments import SpeechEvent
from runtime.core.bus import Bus
from runtime.core.clock import RealClock, VirtualClock
from runtime.core.topics import AUDIO
from runtime.sense.hearing.inbox import Inbox
from runtime.sense.hearing.listener import Listener
from runtime.sense.hearing.ring import Ring
from runtime.sense.hearing.service import FAILED, LOST, PART, Hearing
from runtime.sense.hearing.voice import MISSING
from runtime.sense.live import Live
from tests.runtime.sense.hearing.rig import Bursts, Card, Loudness, Rig, loudness, quiet

NS = 1_000_000_000
RATE = 16_000


def talking(clock: VirtualClock) -> Card:
    """Somebody who never stops."""
    return Card(clock, Bursts(RATE, RATE))


def words(clock: VirtualClock) -> Card:
    """A word of half a second every two."""
    return Card(clock, Bursts(2 * RATE, RATE // 2))


def whole(events: list[SpeechEvent]) -> list[tuple[int, int]]:
    """(t_ns, samples) of each stretch, checked to be without a gap and to end before the next begins."""
    found: list[tuple[int, int]] = []
    open_ = False
    for event in events:
        assert (event.kind == "begin") is not open_
        if not open_:
            found.append((event.t_ns, 0))
        first, n = found[-1]
        assert abs(event.t_ns - first - n * 62_500) < 6_000_000
        found[-1], open_ = (first, n + len(event.samples)), event.kind != "end"
    for (one, n), (two, _) in pairwise(found):
        assert one + n * 62_500 <= two + 6_000_000
    assert [event.t_ns for event in events] == sorted(event.t_ns for event in events)
    return found


def test_the_light_is_on_exactly_while_somebody_listens() -> None:
    rig = Rig(words)

    async def story() -> None:
        card = rig.microphone
        assert isinstance(card, Card)

        async def see(lit: bool) -> None:
            await rig.clock.sleep(0.1)
            assert (rig.lamp.lit, card.opened, rig.hearing.listening) == (lit, lit, lit)

        await see(False)
        async with rig.hearing.listen():
            await see(True)
            async with rig.hearing.listen():
                await see(True)
            await see(True)
        await see(False)
        async with rig.hearing.listen():
            await see(True)
            rig.supervisor.restart(PART)
            await see(True)
            await rig.supervisor.stop()
            await see(False)

    rig.run(story)
    assert rig.told == []


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_words_are_heard_from_any_card(rate_hz: int) -> None:
    rig = Rig(lambda clock: Card(clock, Bursts(2 * rate_hz, rate_hz // 2), rate_hz))
    found = whole(rig.run(lambda: rig.gather(10.9)))
    assert len(found) == 6
    for k, (t_ns, n) in enumerate(found[1:], 1):
        assert t_ns / NS == pytest.approx(2 * k - 0.25, abs=0.04)
        assert n / RATE == pytest.approx(1.0, abs=0.07)
    assert rig.hearing.heard.rate_hz == rate_hz and rig.hearing.heard.lag_s < 0.1


def test_unplugged_in_mid_word_the_word_ends_one_line_is_said_and_it_comes_back() -> None:
    rig = Rig(talking)

    async def story() -> list[SpeechEvent]:
        card = rig.microphone
        assert isinstance(card, Card)
        events: list[SpeechEvent] = []
        async with rig.hearing.listen() as said:
            taking = asyncio.ensure_future(_collect(said, events))
            await rig.clock.sleep(3.0)
            card.lost = DeviceLostError("gone")
            await rig.clock.sleep(0.2)
            assert events[-1].kind == "end" and (rig.lamp.lit, card.opened) == (False, False)
            assert events[-1].t_ns + len(events[-1].samples) * 62_500 > 2.95 * NS
            await rig.clock.sleep(30)
            assert rig.told == [LOST]
            card.lost = None
            await rig.clock.sleep(15)
            assert rig.told == [LOST, "Microphone works again."] and rig.lamp.lit
            taking.cancel()
        return events

    found = whole(rig.run(story))
    assert found[0][0] < NS // 10 and found[1][0] > 33 * NS


async def _collect(said: Listener, events: list[SpeechEvent]) -> None:
    async for event in said:
        events.append(event)


def test_an_overrun_is_counted_and_survived() -> None:
    rig = Rig(talking)

    async def story() -> list[SpeechEvent]:
        gathering = asyncio.ensure_future(rig.gather(9.0))
        for at in (3.0, 3.0):
            await rig.clock.sleep(at)
            assert isinstance(rig.microphone, Card)
            rig.microphone.lose(0.5)
        return await gathering

    found = whole(rig.run(story))
    assert len(found) == 3 and rig.told == []
    assert rig.hearing.heard.overruns == 2
    assert rig.hearing.heard.lost_s == pytest.approx(1.0, abs=0.05)
    assert found[1][0] / NS == pytest.approx(3.5, abs=0.05)


def test_sound_that_is_lost_without_a_word_is_noticed() -> None:
    rig = Rig(talking)

    async def story() -> list[SpeechEvent]:
        gathering = asyncio.ensure_future(rig.gather(9.0))
        await rig.clock.sleep(3.0)
        assert isinstance(rig.microphone, Card)
        rig.microphone.lose(0.5)
        rig.microphone.overruns = 0
        return await gathering

    assert len(whole(rig.run(story))) == 2
    assert rig.hearing.heard.lost_s == pytest.approx(0.5, abs=0.05)


def test_a_clock_that_jumps_ends_the_word_and_time_never_goes_back(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "talk.wav", Bursts(RATE, RATE)(0, 60 * RATE), RATE)
    scenario = Scenario(name="t", ends_s=0, sound="talk.wav", folder=tmp_path)
    clock = VirtualClock()
    world = World(clock, scenario, lambda path: np.zeros((1, 1, 3), np.uint8))
    rig = Rig(lambda clock: SimMicrophone(world, clock, RATE), clock=clock)

    async def story() -> list[SpeechEvent]:
        gathering = asyncio.ensure_future(rig.gather(12.0))
        for _ in range(2):
            await rig.clock.sleep(4.0)
            world.faults.set("microphone", "jump")
        return await gathering

    found = whole(rig.run(story))
    assert len(found) == 3 and rig.told == []
    assert sum(n for _, n in found) / RATE == pytest.approx(12.0, abs=0.2)


def test_a_card_that_gives_nothing_is_lost() -> None:
    rig = Rig(talking)

    async def story() -> None:
        async with rig.hearing.listen():
            await rig.clock.sleep(1.0)
            assert isinstance(rig.microphone, Card)
            rig.microphone.dead = True
            await rig.clock.sleep(2.5)
            assert rig.told == [LOST]
            rig.microphone.dead = False
            await rig.clock.sleep(12)
            assert len(rig.told) == 2

    rig.run(story)


def test_a_light_that_dies_ends_the_hearing() -> None:
    rig = Rig(talking)

    async def story() -> None:
        async with rig.hearing.listen():
            await rig.clock.sleep(1.0)
            assert isinstance(rig.microphone, Card)
            rig.lamp.broken = True
            await rig.clock.sleep(0.1)
            assert not rig.microphone.opened and rig.told == [LOST]

    rig.run(story)


def test_what_was_heard_is_kept_in_memory_only_while_somebody_listens() -> None:
    rig = Rig(talking)

    async def story() -> None:
        async with rig.hearing.listen():
            await rig.clock.sleep(40)
            rings = [thing for thing in gc.get_objects() if isinstance(thing, Ring)]
            assert any(ring.memory().any() for ring in rings)
            t_ns, sound = await rig.hearing.last(30)
            assert len(sound) == 30 * RATE and np.abs(sound).min() > 0.1
            assert t_ns / NS == pytest.approx(10, abs=0.1)
        await rig.clock.sleep(0.1)
        assert (await rig.hearing.last(30))[1].size == 0
        assert not any(ring.memory().any() for ring in rings), "overwritten, not only let go"
        latest = rig.bus.latest(AUDIO)
        assert latest is not None and latest.samples.size == 0

    rig.run(story)


class Fragile(Loudness):
    """A voice activity that fails when it is told to."""

    broken = False

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if Fragile.broken:
            raise BackendError("the model broke")
        return super().accept(samples)


def test_a_model_that_fails_is_one_line_and_hearing_comes_back() -> None:
    @contextmanager
    def fragile() -> Iterator[VoiceActivity]:
        yield Fragile()

    rig = Rig(talking, fragile)

    async def story() -> list[SpeechEvent]:
        gathering = asyncio.ensure_future(rig.gather(30.0))
        await rig.clock.sleep(3.0)
        Fragile.broken = True
        await rig.clock.sleep(1.0)
        assert rig.told == [FAILED] and not rig.lamp.lit
        Fragile.broken = False
        return await gathering

    found = whole(rig.run(story))
    assert len(found) >= 2 and rig.told == [FAILED, "Hearing works again."]


def test_without_the_model_it_says_what_to_do_and_goes_on_when_it_is_there() -> None:
    there = False

    @contextmanager
    def open_voice() -> Iterator[VoiceActivity]:
        if not there:
            raise FetchError("not here")
        yield Loudness()

    rig = Rig(words, open_voice)

    async def story() -> list[SpeechEvent]:
        nonlocal there
        gathering = asyncio.ensure_future(rig.gather(30.0))
        await rig.clock.sleep(12.0)
        assert rig.told == [MISSING] and not rig.lamp.lit
        there = True
        return await gathering

    assert whole(rig.run(story))
    assert rig.told == [MISSING, "Hearing works again."]


def test_while_a_recording_plays_its_sound_is_heard_instead() -> None:
    rig = Rig(lambda clock: Card(clock, lambda first, n: np.zeros(n, np.float32)))

    async def story() -> list[SpeechEvent]:
        gathering = asyncio.ensure_future(rig.gather(8.0))
        await rig.clock.sleep(1.0)
        with rig.live.hold():
            count = rig.bus.stats[AUDIO.name].count
            for k in range(100):
                samples = Bursts(2 * RATE, RATE // 2)(k * 512, 512)
                rig.bus.publish(AUDIO, AudioChunk(rig.clock.now_ns(), samples, RATE))
                await rig.clock.sleep(0.032)
            assert rig.bus.stats[AUDIO.name].count == count + 100
        return await gathering

    assert len(whole(rig.run(story))) == 2


def event(kind: str, at: int, n: int) -> SpeechEvent:
    return SpeechEvent(kind, at * 62_500, np.full(n, at, np.float32))  # type: ignore[arg-type]


async def test_somebody_slow_loses_sound_but_never_the_order_of_things() -> None:
    listener = Listener(lambda _: None, lambda _: None)
    listener.put(event("begin", 0, RATE))
    first = await anext(listener)
    for k in range(1, 100):
        listener.put(event("more", k * RATE, RATE))
    listener.put(event("end", 100 * RATE, 0))
    got = [first]
    while got[-1].t_ns < 100 * NS:
        got.append(await anext(listener))
    kinds = [e.kind for e in got]
    assert kinds[:3] == ["begin", "end", "begin"] and kinds[-1] == "end" and set(kinds[3:-1]) == {"more"}
    assert listener.dropped_s == 60
    assert [e.t_ns for e in got] == sorted(e.t_ns for e in got)


def test_a_full_inbox_drops_the_oldest_and_says_so() -> None:
    inbox = Inbox()
    for k in range(400):
        inbox.put(AudioChunk(k * 32_000_000, np.full(512, k, np.float32), RATE))
    chunks = []
    while inbox:
        chunks += inbox.take()
    assert sum(len(chunk.samples) for chunk in chunks) <= 10 * RATE
    assert chunks[0].overruns >= 1 and not any(chunk.overruns for chunk in chunks[1:])
    assert chunks[-1].t_ns == 399 * 32_000_000
    assert inbox.dropped_s == pytest.approx(400 * 0.032 - 10, abs=0.04)


async def test_reading_never_waits_for_the_model() -> None:
    read_on = threading.Event()
    looked = threading.Event()

    class Stuck(Loudness):
        def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
            looked.set()
            assert read_on.wait(20), "the microphone is not read while the model works"
            return super().accept(samples)

    class Counting:
        reads = 0

        def open(self) -> None: ...

        def close(self) -> None: ...

        def read(self) -> AudioChunk:
            if looked.is_set():
                Counting.reads += 1
            if Counting.reads > 5:
                read_on.set()
            return AudioChunk(clock.now_ns(), np.zeros(512, np.float32), RATE)

    @contextmanager
    def stuck() -> Iterator[VoiceActivity]:
        yield Stuck()

    clock = RealClock()
    hearing = Hearing(Bus(clock), clock, Counting(), Live(), stuck, quiet(clock), lambda part, text: None)
    running = asyncio.create_task(hearing.run())
    async with hearing.listen():
        while not read_on.is_set():
            await clock.sleep(0.01)
    while hearing.listening:
        await clock.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert clock.close() == []


async def test_the_microphone_is_closed_even_when_it_is_given_up_twice() -> None:
    reading, read_on = threading.Event(), threading.Event()

    class Slow:
        opened = False

        def open(self) -> None:
            self.opened = True

        def close(self) -> None:
            self.opened = False

        def read(self) -> AudioChunk:
            reading.set()
            read_on.wait(20)
            return AudioChunk(0, np.zeros(512, np.float32), RATE)

    clock, slow = RealClock(), Slow()
    hearing = Hearing(Bus(clock), clock, slow, Live(), loudness, quiet(clock), lambda part, text: None)
    running = asyncio.create_task(hearing.run())
    async with hearing.listen():
        while not reading.is_set():
            await clock.sleep(0.01)
        for _ in range(3):
            running.cancel()
            await clock.sleep(0.01)
        read_on.set()
        for _ in range(2000):
            if not hearing.listening:
                break
            await clock.sleep(0.01)
    assert not slow.opened and not hearing.listening
    assert clock.close() == []
