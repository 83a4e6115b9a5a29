"""The receiver's seconds on the host's clock: late looks move nothing, a clock that was set moves it."""

from __future__ import annotations

import pytest

from drivers.gnss.timing import NS, HybridClock

LATENCY_NS = 50_000_000


def off_s(timing: HybridClock, second: float, late_s: float, set_by_s: float = 0.0) -> float:
    """How far the fix measured at ``second`` and read so late is stamped off."""
    arrived_ns = round((second + late_s) * NS) + LATENCY_NS
    return (timing.at(second + set_by_s, arrived_ns) - round(second * NS)) / NS


@pytest.mark.parametrize("lates", [[2.5], [0.9] * 4, [0.9, 0.2] * 10, [0.9, 0.2, 0.9, 0.8, 0.7, 0.1] * 2])
def test_a_busy_host_moves_nothing(lates: list[float]) -> None:
    timing = HybridClock(LATENCY_NS)
    seen = [0.0] * 5 + lates + [0.0] * 20
    offs = [off_s(timing, 100 + n, late) for n, late in enumerate(seen)]
    assert offs == pytest.approx([0.0] * len(seen), abs=0.01)
    assert timing.steps == 0


@pytest.mark.parametrize("hertz", [1, 5, 10])
def test_what_waited_in_the_kernel_while_the_host_hung_moves_nothing(hertz: int) -> None:
    timing = HybridClock(LATENCY_NS)
    offs = [off_s(timing, 100 + n / hertz, 0.0) for n in range(20)]
    offs += [off_s(timing, 200 + n / hertz, max(0.0, 4.5 - n / hertz)) for n in range(100)]
    assert offs == pytest.approx([0.0] * 120, abs=0.03)
    assert timing.steps == 0


@pytest.mark.parametrize("hertz", [0.5, 1, 10])
@pytest.mark.parametrize("set_by_s", [-0.5, -1, -2, -4.9, 1, 4.9, -18, 18])
def test_a_clock_that_was_set_is_followed(hertz: float, set_by_s: float) -> None:
    timing = HybridClock(LATENCY_NS)
    for n in range(20):
        off_s(timing, 100 + n / hertz, 0.0)
    offs = [off_s(timing, 200 + n / hertz, 0.01 * (n % 3), set_by_s) for n in range(60)]
    assert offs[31:] == pytest.approx([0.0] * 29, abs=0.03)
    if hertz <= 1:
        assert offs[4:] == pytest.approx([0.0] * 56, abs=0.03)
