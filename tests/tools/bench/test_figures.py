from __future__ import annotations

from tools.bench.figures import Figure, median, percentile, report


def test_a_missed_bar_is_named_and_counted() -> None:
    said: list[str] = []
    late = Figure("card", 1.2, "s", bar=1.0)
    status = report([("shutter", lambda: [late, Figure("reaction", 20, "ms", bar=50)])], said.append)
    assert status == 1
    assert "MISSED" in next(line for line in said if "card" in line)
    assert "MISSED" not in next(line for line in said if "reaction" in line)


def test_more_can_be_better_and_no_bar_is_no_promise() -> None:
    assert Figure("right", 54, "", bar=54, better="more").met
    assert not Figure("right", 53, "", bar=54, better="more").met
    assert Figure("rss", 1e9, "B").met
    assert report([("all", lambda: [Figure("right", 54, "", bar=54, better="more")])], lambda _: None) == 0


def test_percentiles() -> None:
    assert median([3, 1, 2]) == 2
    assert percentile(range(100), 99) == 99
    assert median([]) == 0
