"""Walks with a guide, and what may not happen on them. By hand, over many seeds::

python -m tests.runtime.features.navigate.walks 1000
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import msgspec

from runtime.features.navigate.cues.events import Event
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.cues.when import calm
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.made import KINDS, XY, named, route
from tests.runtime.features.navigate.walker import NS, Sky, detour, walk

WHITE = Sky(white=5.0, drift=0.0)  # as a bare receiver
MIXED = Sky(white=3.0, drift=4.0)
FILTERED = Sky(white=1.0, drift=2.0)  # as a positioning service passes it on
SKIES = {"white": WHITE, "mixed": MIXED, "filtered": FILTERED}


class Seen(msgspec.Struct):
    """An event with the truth at that moment: time, metres walked."""

    t: float
    along: float
    event: Event


class Walk(msgspec.Struct):
    route: Route
    seen: list[Seen]
    passed: dict[float, float]  # metres walked → time, for those asked for
    stale: list[float]  # times at which a panel stood after its limit

    def kinds(self, *kinds: str) -> list[Seen]:
        return [one for one in self.seen if one.event.kind in kinds]


def go(line: Sequence[XY], walked: Sequence[XY], speed: float, seed: int, sky: Sky = FILTERED, *,
       marks: Sequence[float] = (), stand: float = 20.0,
       waits: Sequence[tuple[float, float]] = ()) -> Walk:  # fmt: skip
    """Follow the route through ``line`` while walking along ``walked``."""
    guide = Guide(route(line, "walking" if speed < 3 else "cycling"), Words("en"))
    walk_ = Walk(guide.route, [], {}, [])
    for step in walk(walked, speed, seed, sky, stand=stand, waits=waits):
        now_ns = round((step.t + 1) * NS)
        events = guide.update(step.place) if step.place else guide.tick(now_ns)
        walk_.seen += [Seen(step.t, step.along, event) for event in events]
        for mark in marks:
            if step.along >= mark:
                walk_.passed.setdefault(mark, step.t)
        if (panel := guide.shown()) and panel.until_ns < now_ns:
            walk_.stale.append(step.t)
    return walk_


def faults(done: Walk) -> list[str]:
    """What must not happen to somebody who just walks the route to its end."""
    maneuvers = done.route.maneuvers
    found = [
        f"{one.event.kind} at {one.t:.0f} s" for one in done.kinds("off_route", "wrong_way", "withdrawn")
    ]
    cued = [one.event.maneuver for one in done.kinds("cue")]
    if cued != list(range(len(maneuvers))):
        found.append(f"cued {cued}")
    if [one.event.maneuver for one in done.kinds("prepare")] != [
        i for i, m in enumerate(maneuvers) if not calm(m)
    ]:
        found.append("not each prepared once")
    order = [(one.event.kind, one.event.maneuver) for one in done.seen]
    for index in (i for i, maneuver in enumerate(maneuvers) if not calm(maneuver)):
        if ("prepare", index) in order[order.index(("cue", index)) if ("cue", index) in order else 0 :]:
            found.append(f"{index} prepared after its cue")
    late = [one for one in done.kinds("cue") if one.along > maneuvers[one.event.maneuver].at_m + 2.0]
    found += [f"cue {one.event.maneuver} late" for one in late if one.event.maneuver]
    arrived = done.kinds("arrived")
    if len(arrived) != 1 or done.route.length_m - arrived[0].along > 15.0:
        found.append(
            f"arrived {[round(done.route.length_m - one.along) for one in arrived]} m before the end"
        )
    return found + [f"stale panel at {t:.0f} s" for t in done.stale]


def straying(seed: int) -> tuple[list[XY], list[XY], float, float]:
    """A route, a walk that leaves it by 60 m and comes back, and where on the walk that is."""
    line: list[XY] = [(0, 0), (0, 200), (250, 200), (250, 500)]
    walked, left, back = detour(line, 100 + seed % 50, 60, 0.5 if seed % 2 else 40)
    return line, walked, left, back


def main(seeds: int) -> None:
    found: Counter[str] = Counter()
    for sky_name, sky in SKIES.items():
        for speed in (1.4, 5.0):
            runs, times = 0, ([], [])  # type: tuple[int, tuple[list[float], list[float]]]
            for seed in range(seeds):
                kind = KINDS[seed % len(KINDS)]
                corners = named(kind, seed)
                runs += 1
                for fault in faults(go(corners, corners, speed, seed, sky)):
                    found[f"{sky_name} {speed} {fault.split(' at ')[0]}"] += 1
                    print(sky_name, speed, kind, seed, fault)
                line, walked, left, back = straying(seed)
                done = go(line, walked, speed, seed, sky, marks=(left, back))
                off, again = done.kinds("off_route"), done.kinds("rejoined")
                if len(off) != 1 or len(again) != 1:
                    found[f"{sky_name} {speed} detour {len(off)} {len(again)}"] += 1
                if off and again:
                    times[0].append(off[0].t - done.passed[left])
                    times[1].append(again[-1].t - done.passed[back])
            for name, seconds in zip(("noticed", "rejoined"), times, strict=True):
                seconds.sort()
                tenths = [seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.95, 1.0)]
                print(sky_name, speed, "runs", runs, name, "after s, median, 95 %, most:", tenths)
    print("faults", dict(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
