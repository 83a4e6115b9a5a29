"""Two sources of fixes make one place: no hopping between them, each stands in for the other, late ones are moved."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest

from drivers.base import Fix
from drivers.gnss.ground import metres_per_degree
from runtime.core.bus import Bus
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Place
from runtime.core.topics import FIX, PLACE
from runtime.sense.live import Live
from runtime.sense.place.service import PlaceService

HOME = (31.22, 121.43)
NORTH, EAST = metres_per_degree(HOME[0])
PACE = 1.4
Source = Literal["gnss", "phone"]
Told = tuple[float, Fix]  # when it comes, in seconds, and what


def stream(
    source: Source,
    times: range,
    *,
    accuracy: float = 5.0,
    aside: float = 0.0,
    late_s: float = 0.0,
    skew_s: float = 0.0,
    noise: float = 1.0,
) -> list[Told]:
    """Fixes once a second of a walk north, ``aside`` metres to the east of it."""
    rng, told = np.random.default_rng(len(source)), []
    for second in times:
        north, east = PACE * second + rng.normal(0, noise), aside + rng.normal(0, noise)
        at = round((second + skew_s) * NS)
        fix = Fix(at, HOME[0] + north / NORTH, HOME[1] + east / EAST, accuracy, PACE, 0.0, source=source)
        told.append((second + late_s, fix))
    return told


def follow(*streams: list[Told], live: Live | None = None) -> list[tuple[float, Place]]:
    """What the service makes of them: when it was told, and the place."""
    clock = VirtualClock()
    bus, places = Bus(clock), list[tuple[float, Place]]()
    bus.tap(PLACE, lambda place: places.append((clock.now_ns() / NS, place)))

    async def tell() -> None:
        serving = asyncio.create_task(PlaceService(bus, clock, live or Live()).run())
        await clock.sleep(0)
        for at_s, fix in sorted((one for told in streams for one in told), key=lambda one: one[0]):
            await clock.sleep(max(0.0, at_s - clock.now_ns() / NS))
            bus.publish(FIX, fix)
        await clock.sleep(0.1)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    run_virtual(clock, tell())
    return places


def aside(place: Place) -> float:
    return (place.longitude - HOME[1]) * EAST


def hops(places: list[tuple[float, Place]]) -> int:
    return sum(one.source != other.source for (_, one), (_, other) in pairwise(places))


def at(places: list[tuple[float, Place]], fits: Callable[[float], bool]) -> list[Place]:
    return [place for second, place in places if fits(second)]


@pytest.mark.parametrize("accuracy", [15.0, 3.0], ids=["honest", "lying"])
def test_a_phone_15_m_off_moves_nobody(accuracy: float) -> None:
    places = follow(stream("gnss", range(60)), stream("phone", range(60), accuracy=accuracy, aside=15.0))
    assert hops(places) == 0
    assert max(abs(aside(place)) for _, place in places) < 4


def test_the_better_one_is_taken_after_some_seconds_and_held() -> None:
    places = follow(stream("gnss", range(60), accuracy=20.0, noise=5.0), stream("phone", range(10, 60)))
    assert hops(places) == 1
    assert {place.source for place in at(places, lambda s: s > 16)} == {"phone"}


def test_accuracies_that_cross_each_other_do_not_flap() -> None:
    better, worse = stream("phone", range(90), accuracy=4.0), stream("gnss", range(90), accuracy=5.0)
    swapped = [
        one if second % 7 < 3 else other
        for second, (one, other) in enumerate(zip(better, worse, strict=True))
    ]
    rest = [
        other if second % 7 < 3 else one
        for second, (one, other) in enumerate(zip(better, worse, strict=True))
    ]
    assert hops(follow(sorted([*swapped, *rest], key=lambda told: told[0]))) <= 1


def test_a_phone_that_wanders_and_boasts_does_not_flap() -> None:
    boasts = []
    for second in range(300):
        boasts += stream("phone", range(second, second + 1), accuracy=0.1, aside=40 * math.sin(second / 15))
    places = follow(stream("gnss", range(300), accuracy=8.0), boasts)
    assert hops(places) <= 2


def test_the_phone_stands_in_for_a_lost_receiver_and_gives_way() -> None:
    receiver = stream("gnss", range(30)) + stream("gnss", range(60, 90))
    places = follow(receiver, stream("phone", range(90), accuracy=8.0, aside=5.0))
    assert hops(places) == 2
    assert {place.source for place in at(places, lambda s: 34 < s < 60)} == {"phone"}
    assert {place.source for place in at(places, lambda s: s > 67)} == {"gnss"}
    gaps = [after - before for (before, _), (after, _) in pairwise(places)]
    assert max(gaps) < 5.0, "no cue is withdrawn on the way"
    assert max(place.speed_mps for _, place in places) < 3.0, "no speed is made of the step aside"


def test_a_lying_phone_has_to_give_way_to_the_receiver() -> None:
    lying = stream("phone", range(80), accuracy=2.0, aside=100.0)
    places = follow(lying, stream("gnss", range(20, 80)))
    assert hops(places) == 1
    assert abs(aside(places[-1][1])) < 4


def test_a_receiver_that_leaps_is_outdone_by_a_steady_phone() -> None:
    leap = [
        *stream("gnss", range(30)),
        *stream("gnss", range(30, 36), aside=80.0),
        *stream("gnss", range(36, 60)),
    ]
    places = follow(leap, stream("phone", range(60), accuracy=6.0))
    assert max(abs(aside(place)) for _, place in places) < 6


def test_a_receiver_that_stammers_is_left_to_itself() -> None:
    stammer = [told for told in stream("gnss", range(10, 80)) if int(told[0]) % 10 < 3]
    places = follow(stream("gnss", range(10)), stammer, stream("phone", range(80), accuracy=6.0))
    assert hops(places) <= 1


def test_the_phone_alone_is_enough() -> None:
    places = follow(stream("phone", range(30)))
    assert len(places) == 30
    assert {place.source for _, place in places} == {"phone"}


def test_a_late_fix_is_told_with_the_way_since() -> None:
    places = follow(stream("phone", range(40), late_s=2.0, noise=0.1))
    last_s, last = places[-1]
    assert last.t_ns / NS == pytest.approx(last_s, abs=0.01)
    assert (last.latitude - HOME[0]) * NORTH == pytest.approx(PACE * last_s, abs=1.5)


def test_a_fix_that_is_too_late_is_none() -> None:
    assert not follow(stream("phone", range(10), late_s=6.0))


def test_out_of_order_and_all_at_once() -> None:
    fixes = stream("phone", range(40), noise=0.1)
    jumbled = [(20.0 if 16 <= at_s <= 20 else at_s, fix) for at_s, fix in fixes]
    jumbled[17], jumbled[19] = jumbled[19], jumbled[17]
    places = [place for _, place in follow(jumbled)]
    assert all(one.t_ns < other.t_ns for one, other in pairwise(places)), "followers ignore what is not newer"
    assert (places[-1].latitude - HOME[0]) * NORTH == pytest.approx(PACE * 39, abs=1.5)


@pytest.mark.parametrize("skew_s", [3600.0, 0.8])
def test_a_clock_that_is_ahead_poisons_nothing(skew_s: float) -> None:
    ahead = stream("phone", range(20), skew_s=skew_s)
    places = follow(ahead, stream("gnss", range(30, 60)))
    assert all(place.t_ns / NS <= second + 1e-3 for second, place in places)
    assert places[-1][1].source == "gnss"
    assert len(places) > 45


def test_a_recording_at_another_speed_keeps_its_own_times() -> None:
    live = Live()
    with live.hold(4.0):
        fast = [(at_s / 4, fix) for at_s, fix in stream("phone", range(40))]
        places = [place for _, place in follow(fast, live=live)]
    assert [place.t_ns for place in places] == [fix.t_ns for _, fix in fast]


def test_numbers_that_are_none_change_nothing() -> None:
    odd = [(5.5, Fix(round(5.5 * NS), math.nan, 0.0, 1.0, source="phone"))]
    places = follow(stream("gnss", range(10)), odd)
    assert len(places) == 10
