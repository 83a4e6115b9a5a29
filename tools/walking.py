"""A simulated walk along a route: the glasses whole on virtual time, over an emulated receiver, IMU and compass.

The walker goes along the route's line and strays from it where told; what the glasses make of it is guidance.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import numpy as np

from drivers.camera.decode import load_picture
from drivers.gnss.ground import wrap_degrees
from drivers.sim.outing import Detour, Iron, Noise, Outage, Outing, noise_of
from drivers.sim.scenario import Chip, Compass, Scenario, Step
from drivers.sim.walker import Walker
from drivers.sim.world import World
from runtime.app import Glasses
from runtime.core.clock import VirtualClock, run_virtual
from runtime.features.navigate.routes.route import Route
from tools.walk_glasses import Show, Tell, Walk, bare_board, follow, glasses_for

STARTS_S = 8.0  # the receiver's first fixes come while the wearer stands
PATIENCE_S = 45.0  # for an arrival, after the walker stands at the end
TRUTH_EVERY_S = 1.0
CARS_M, CAR_AM2 = 12.0, 150.0  # between parked cars, and the magnetic moment of one (one σ of an axis)
MOST_POINTS = 5_000  # that the walker steps on; more would be closer than a step


class Wish(msgspec.Struct, frozen=True):
    """What kind of walk: m/s, one standard deviation of fixes in metres, seconds without any half way, metres to go
    astray (negative: to the left), how IMU and magnetometer err (1: as a consumer's in a street of parked cars), iron
    besides the cars', the wearer's language, and the seed of all that is random.
    """

    speed_mps: float = 1.4
    noise_m: float = 3.0
    outage_s: float = 0.0
    detour_m: float = 0.0
    heading_noise: float = 1.0
    irons: tuple[Iron, ...] = ()
    language: str = "en"
    seed: int = 0


def walk(
    route: Route,
    wish: Wish,
    tell: Tell = lambda _: None,
    show: Show | None = None,
    watch: Callable[[Glasses], None] = lambda _: None,
    *,
    compass: bool = True,
) -> Walk:
    """Walk ``route`` once. ``tell`` hears each piece of guidance as it comes; ``show`` gets seconds and canvas;
    ``watch`` gets the glasses before they start. Without ``compass`` they have no magnetometer.
    """
    clock = VirtualClock()
    scenario = _scenario(route, wish)
    world = World(clock, scenario, load_picture, wish.seed)
    walker = world.walker
    assert walker is not None
    board = bare_board() if compass else msgspec.structs.replace(bare_board(), magnetometer=None)
    with glasses_for(route, board, clock, world, wish.language) as glasses:
        watch(glasses)
        return run_virtual(clock, _walk(glasses, clock, walker, tell, show))


async def _walk(glasses: Glasses, clock: VirtualClock, walker: Walker, tell: Tell, show: Show | None) -> Walk:
    async def patience() -> None:
        await clock.sleep(walker.ends_s + PATIENCE_S)  # it never said so: whoever reads the walk sees that

    walk = await follow(glasses, clock, patience, tell, show)
    spots = walker.truth(np.arange(0.0, min(walk.seconds, walker.ends_s) + TRUTH_EVERY_S, TRUTH_EVERY_S))
    walk.truth = list(zip(spots.latitude.tolist(), spots.longitude.tolist(), strict=True))
    return walk


def _scenario(route: Route, wish: Wish) -> Scenario:
    """The walker's way, how well satellites are received, and where the wearer looks."""
    line = route.line[:: max(1, len(route.line) // MOST_POINTS)]
    points = np.vstack([line, route.line[-1:]]) if not np.array_equal(line[-1], route.line[-1]) else line
    middle_s = STARTS_S + route.length_m / wish.speed_mps / 2
    noise: Noise = noise_of(wish.noise_m)
    if wish.outage_s:
        noise = msgspec.structs.replace(noise, outages=(Outage(at_s=middle_s, for_s=wish.outage_s),))
    detours = (Detour(at_m=route.length_m / 3, off_m=wish.detour_m, along_m=40.0),) if wish.detour_m else ()
    outing = Outing(
        points=tuple((float(latitude), wrap_degrees(float(longitude))) for latitude, longitude in points),
        speed_mps=wish.speed_mps,
        starts_s=STARTS_S,
        detours=detours,
        irons=(*_cars(route.length_m, wish), *wish.irons),
        noise=noise,
    )
    seconds = STARTS_S + route.length_m / wish.speed_mps + PATIENCE_S
    return Scenario(
        name="walk",
        ends_s=seconds,
        walk=outing,
        steps=_looks(seconds, wish.seed),
        imu=_imu(wish),
        magnetometer=Compass(noise=wish.heading_noise),
    )


def _imu(wish: Wish) -> Chip:
    """Zeros as far off as the data sheet lets them be, and straying."""
    rng, noise = random.Random(wish.seed), wish.heading_noise
    x, y, z = (noise * rng.uniform(-0.5, 0.5) for _ in range(3))
    return Chip(
        gyro_bias_dps=(x, y, z),
        accel_bias_mg=(noise * 8.0, noise * -6.0, noise * 10.0),
        noise=noise,
        gyro_wander_dps=noise * 0.02,
    )


def _cars(length_m: float, wish: Wish) -> tuple[Iron, ...]:
    """Iron of a usual street, on both sides of a pavement."""
    rng, size, at_m, cars = random.Random(wish.seed), wish.heading_noise * CAR_AM2, 0.0, list[Iron]()
    while size and at_m < length_m:
        at_m += rng.expovariate(1 / CARS_M)
        x, y, z = (rng.gauss(0, size) for _ in range(3))
        cars.append(Iron(at_m=at_m, left_m=rng.choice((-3.5, 2.5)), moment_am2=(x, y, z)))
    return tuple(cars)


def _looks(seconds: float, seed: int) -> tuple[Step, ...]:
    """A wearer who looks around now and then, and ahead again."""
    rng, at_s, steps = random.Random(seed), STARTS_S + 6.0, list[Step]()
    while at_s < seconds:
        yaw = rng.choice((-1, 1)) * rng.uniform(15, 70)
        steps += [
            Step(at=at_s, look=(yaw, rng.uniform(-15, 10))),
            Step(at=at_s + rng.uniform(1, 4), look=(0, 0)),
        ]
        at_s += rng.uniform(8, 25)
    return tuple(steps)
