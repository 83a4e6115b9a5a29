"""How fast and how much: topics, the ledger from photon or sound to pixel, traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from runtime.console.command import Answer, Call, Command, choose, write_file
from runtime.console.errors import UsageError
from runtime.console.glasses import Glasses
from runtime.console.table import stretch, table
from runtime.core.clock import NS
from runtime.core.topics import TOPICS

LONGEST_LOOK_S = 60.0


async def top(call: Call) -> Answer:
    """Count each topic for a while."""
    call.most(1)
    seconds = call.number(0, "the seconds to look", 1.0)
    if not 0 < seconds <= LONGEST_LOOK_S:
        raise UsageError(f"look for more than 0 and at most {LONGEST_LOOK_S:g} seconds")
    clock, stats = call.glasses.clock, call.glasses.bus.stats
    before, start_ns = {name: s.count for name, s in stats.items()}, clock.now_ns()
    await clock.sleep(seconds)
    now_ns = clock.now_ns()
    data = {
        name: {
            "rate_hz": round((s.count - before.get(name, 0)) * NS / max(1, now_ns - start_ns), 2),
            "expected_hz": TOPICS[name].rate_hz,
            "age_s": round((now_ns - s.last_ns) / NS, 3) if s.count else None,
            "drops": s.drops,
            "count": s.count,
        }
        for name, s in stats.items()
    }
    rows = [
        (
            name,
            f"{row['rate_hz']:.1f}",
            f"{row['expected_hz']:g}" if row["expected_hz"] else "–",
            "–" if row["age_s"] is None else stretch(row["age_s"]),
            row["drops"],
            row["count"],
        )
        for name, row in data.items()
    ]
    return Answer(table(rows, ("topic", "Hz", "expected", "age", "drops", "count")), data)


async def lat(call: Call) -> Answer:
    """The ledger by stage."""
    call.most(1)
    prefix = call.words[0] if call.words else ""
    stages = call.glasses.tracer.ledger(prefix)
    if not stages:
        return Answer(
            f"no stage was timed{f' that begins with {prefix!r}' if prefix else ''}: `snap` or `captions on` first",
            [],
        )
    rows = [(s.name, s.count, f"{s.median_ms:.1f}", f"{s.p90_ms:.1f}", f"{s.max_ms:.1f}") for s in stages]
    return Answer(table(rows, ("stage", "count", "median ms", "p90", "max")), msgspec.to_builtins(stages))


async def trace(call: Call) -> Answer:
    """The spans in memory: how many, into a file, away with them."""
    tracer = call.glasses.tracer
    action = choose(call.words[0], ("save", "clear"), "form") if call.words else ""
    call.most(2 if action == "save" else 1)
    if action == "clear":
        tracer.clear()
        return Answer("forgotten")
    if action == "save":
        path = Path(call.word(1, "the file's name"))
        await write_file(
            call.glasses, path, await call.glasses.clock.call("console file", tracer.chrome_json)
        )
        return Answer(f"{path}: open it at ui.perfetto.dev", {"path": str(path)})
    spans = tracer.spans()
    return Answer(f"{len(spans)} spans: `trace save FILE` for Perfetto, `lat` for a summary", len(spans))


def _trace_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else ("save", "clear")


def _stages(glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else [stage.name for stage in glasses.tracer.ledger()]


COMMANDS = (
    Command("top", top, "topics: rate, age, drops", "[SECONDS]"),
    Command("lat", lat, "milliseconds by stage, from shutter or microphone to pixel", "[PREFIX]", _stages),
    Command("trace", trace, "spans for Perfetto", "[save FILE | clear]", _trace_words),
)
