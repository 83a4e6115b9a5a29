from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boards import spec
from drivers.bus.gpio import Edge, GpioLine
from drivers.factory import BuildContext
from drivers.input.keys import DEBOUNCE_NS, Debouncer, GpioKeys, SimKeys
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock, run_virtual

MS = 1_000_000


def clean(raw: list[tuple[int, bool]], *, now_ms: int = 10_000) -> list[tuple[int, bool]]:
    edges = Debouncer().feed([Edge(ms * MS, active) for ms, active in raw], now_ms * MS)
    return [(edge.t_ns // MS, edge.active) for edge in edges]


def test_a_bouncing_press_is_one_press() -> None:
    raw = [(0, True), (1, False), (2, True), (5, False), (6, True), (200, False), (201, True), (203, False)]
    assert clean(raw) == [(0, True), (200, False)]


def test_a_touch_shorter_than_the_bounce_is_a_press_and_a_release() -> None:
    assert clean([(0, True), (8, False), (500, True), (600, False)]) == [
        (0, True), (8, False), (500, True), (600, False),
    ]  # fmt: skip


def test_a_contact_that_has_not_settled_yet_says_nothing_more() -> None:
    contact = Debouncer()
    assert len(contact.feed([Edge(0, True), Edge(8 * MS, False)], 10 * MS)) == 1
    assert contact.feed([], 27 * MS) == []
    assert contact.feed([], 28 * MS) == [Edge(8 * MS, False)]
    assert contact.feed([], 99 * MS) == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=40), st.integers(1, 6))
def test_presses_and_releases_take_turns_and_end_where_the_contact_is(
    steps: list[tuple[int, bool]], reads: int
) -> None:
    t_ms, edges = 0, []
    for pause, active in steps:
        t_ms += pause
        edges.append(Edge(t_ms * MS, active))
    contact, found = Debouncer(), []
    for part in np.array_split(np.arange(len(edges)), reads):
        some = [edges[i] for i in part]
        found += contact.feed(some, some[-1].t_ns if some else 0)
    found += contact.feed([], (t_ms + 1_000) * MS)
    assert [edge.active for edge in found] == [n % 2 == 0 for n in range(len(found))]
    assert (found[-1].active if found else False) == (edges[-1].active if edges else False)
    assert all(later.t_ns >= earlier.t_ns for earlier, later in pairwise(found))


class FakeLine:
    """A line whose edges the test makes."""

    def __init__(self) -> None:
        self.waiting: list[Edge] = []
        self.closed = False

    def set(self, active: bool) -> None:
        raise AssertionError("a key is never driven")

    def get(self) -> bool:
        return False

    def edges(self) -> list[Edge]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def close(self) -> None:
        self.closed = True


def test_events_of_all_lines_come_in_order() -> None:
    clock = VirtualClock()
    lines = {"shutter": FakeLine(), "touch": FakeLine()}

    def request(name: str) -> Callable[[], GpioLine]:
        return lambda: lines[name]

    keys = GpioKeys({name: request(name) for name in lines}, clock)
    keys.open()
    start = clock.now_ns()
    lines["shutter"].waiting = [
        Edge(start + 50 * MS, True),
        Edge(start + 52 * MS, False),
        Edge(start + 53 * MS, True),
    ]
    lines["touch"].waiting = [Edge(start + 10 * MS, True), Edge(start + 90 * MS, False)]
    run_virtual(clock, clock.sleep(0.2))
    events = [(event.t_ns - start, event.key, event.action) for event in keys.read()]
    assert events == [
        (10 * MS, "touch", "press"),
        (50 * MS, "shutter", "press"),
        (90 * MS, "touch", "release"),
    ]
    assert keys.read() == []


def test_lines_are_taken_on_opening_and_given_back() -> None:
    taken: list[FakeLine] = []

    def request() -> FakeLine:
        taken.append(FakeLine())
        return taken[-1]

    clock = VirtualClock()
    keys = GpioKeys({"shutter": request}, clock)
    assert taken == [] and keys.read() == []
    keys.open()
    keys.close()
    keys.close()
    keys.open()
    assert [line.closed for line in taken] == [True, False]
    taken[1].waiting = [Edge(clock.now_ns(), True)]
    assert [event.action for event in keys.read()] == ["press"]


def test_a_board_file_names_lines_and_their_levels() -> None:
    asked: list[tuple[str, bool]] = []

    class Context(BuildContext):
        """A board whose lines are fakes."""

        def gpio(self, line: str, *, active_low: bool = False, output: bool = False) -> GpioLine:
            assert not output
            asked.append((line, active_low))
            return FakeLine()

    part = spec.Keys(
        compatible="linux,gpio-keys",
        keys={
            "shutter": spec.Key(line="gpiochip4:11"),
            "touch": spec.Key(line="gpiochip4:12", active_low=False),
        },
    )
    keys = GpioKeys.from_board(part, Context(spec.Board(name="t", summary="t"), VirtualClock()))
    assert asked == []
    keys.open()
    assert asked == [("gpiochip4:11", True), ("gpiochip4:12", False)]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(clock: VirtualClock) -> World:
    return World(clock, Scenario(name="t", ends_s=1.0), lambda path: np.zeros((1, 1, 3), np.uint8))


def test_the_wearers_keys_arrive_once(world: World, clock: VirtualClock) -> None:
    keys = SimKeys(world, clock)
    world.press("shutter")
    run_virtual(clock, clock.sleep(0.02))
    keys.open()
    assert keys.read() == []  # before it was opened
    run_virtual(clock, clock.sleep(0.02))
    world.press("touch", "double_tap")
    run_virtual(clock, clock.sleep(0.02))
    assert [(event.key, event.action) for event in keys.read()] == [("touch", "double_tap")]
    assert keys.read() == []


def test_a_bouncing_key_is_still_one_press(world: World, clock: VirtualClock) -> None:
    world.faults.set("keys", "bounce")
    keys = SimKeys(world, clock)
    keys.open()
    for _ in range(3):
        world.press("shutter")
        run_virtual(clock, clock.sleep(0.1))
        assert [event.action for event in keys.read()] == ["press"]


def test_the_debouncer_is_what_holds_a_bouncing_key_back() -> None:
    raw = [(n, n % 2 == 0) for n in range(8)]
    assert clean(raw) == [(0, True), (7, False)]
    assert DEBOUNCE_NS == 20 * MS
