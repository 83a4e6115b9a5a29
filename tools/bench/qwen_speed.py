"""Tokens a second at Qwen3-0.6B's sizes with random weights, in turn with the peers that are installed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from gguf import GGMLQuantizationType as Kind

from models.qwen_vl.engine import Engine, open_engine
from models.qwen_vl.folder import Quant
from models.qwen_vl.generate import CHUNK
from models.qwen_vl.kernels import spare_memory
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from tools.bench import qwen_weights
from tools.bench.figures import Figure, median, processor
from tools.bench.qwen_peers import CONTEXT, F16_CACHE, Q8_CACHE, THREADS, Runner, Timing, genai, llama, timed

ROUNDS = 5
DECODED = 32
SHORT, LONG = 256, 1024

Results = dict[tuple[str, int], list[Timing]]

SMALL, FAST = "int8", "int8 fast"  # the weights once; a second packing of them for many rows

# What is compared, with whom, and the bar on a host with AMX and on one without.
PREFILL = (
    (SMALL, "llama.cpp Q8_0", SHORT, None, 1.8),
    (FAST, "llama.cpp Q8_0", SHORT, 2.0, 2.4),
    (SMALL, "genai int8", SHORT, None, 1.4),
    (FAST, "genai int8", SHORT, 3.5, 1.8),
)
DECODE = (
    ("int8", "llama.cpp Q8_0, q8", SHORT, 1.05, 1.35),
    ("int8", "llama.cpp Q8_0, q8", LONG, 1.2, 1.5),
    ("int8", "genai int8", SHORT, 1.15, 1.0),
    ("int8", "genai int8", LONG, 1.3, 1.2),
    ("int4", "llama.cpp Q4_0", SHORT, 0.9, 1.05),
    ("int4", "llama.cpp Q4_0", LONG, 1.1, 1.3),
)
WHOLE = ((SMALL, None, 1.2), (FAST, 1.3, 1.4))


def measure() -> Iterator[Figure]:
    """Everyone's medians, then our ratios beside their bars."""
    runners = list(_runners())
    results: Results = {}
    tokens = [int(token) for token in np.random.default_rng(1).integers(0, 150_000, LONG)]
    for turn in range(ROUNDS + 1):
        for count in (SHORT, LONG):
            for runner in runners:
                timing = runner.once(tokens[:count], DECODED)
                if turn:  # the first round warms up
                    results.setdefault((runner.name, count), []).append(timing)
    yield from _everyone(results)
    yield from _ratios(results, [runner.name for runner in runners], amx="amx_int8" in processor())


def _runners() -> Iterator[Runner]:
    checkpoint = qwen_weights.random_06b()
    for quant in ("int8", "int4"):
        yield from _ours(quant)
    for peer in (
        llama(checkpoint, Kind.Q8_0, F16_CACHE),
        llama(checkpoint, Kind.Q8_0, Q8_CACHE),
        llama(checkpoint, Kind.Q4_0, F16_CACHE),
        genai(checkpoint, "int8", 128),
    ):
        if peer is not None:
            yield peer


def _ours(quant: Quant) -> Iterator[Runner]:
    """With the weights as they are built, and with the second packing where this CPU is faster by it."""
    model = qwen_weights.built(qwen_weights.random_06b(), quant)
    small = open_engine(model, threads=THREADS)
    yield Runner(f"Browline {quant}", lambda tokens, count: _once(small, tokens, count))
    fast = open_engine(model, threads=THREADS, now_ns=time.perf_counter_ns, spare_bytes=spare_memory())
    if fast.machine.many is not fast.machine.one:
        yield Runner(f"Browline {quant} fast", lambda tokens, count: _once(fast, tokens, count))


def _once(engine: Engine, tokens: Sequence[int], count: int) -> Timing:
    machine, about, prompt = engine.machine, engine.folder.about, text_prompt(tokens)
    cache = KvCache(about.text, about.kv, CONTEXT)

    def read() -> None:
        for at in range(0, len(tokens), CHUNK):
            some, where = tokens[at : at + CHUNK], prompt.positions[:, at : at + CHUNK]
            machine.many.feed(cache, some, machine.table.rows(some), where)

    def step() -> None:
        where = np.full((3, 1), cache.next_position)
        machine.one.feed(cache, [5], machine.table.rows([5]), where)

    return timed(read, step, count)


def _everyone(results: Results) -> Iterator[Figure]:
    for (name, count), timings in results.items():
        yield Figure(f"{name}: prefill {count}", count / median(t.prefill for t in timings), "/s")
        yield Figure(f"{name}: decode @{count}", 1 / median(t.token for t in timings), "/s")


def _ratios(results: Results, names: Sequence[str], *, amx: bool) -> Iterator[Figure]:
    def ratio(quant: str, peers: Sequence[str], count: int, what: str) -> float:
        """Of the medians, to the best of the peers."""
        ours = median(getattr(t, what) for t in results[f"Browline {quant}", count])
        return min(median(getattr(t, what) for t in results[peer, count]) for peer in peers) / ours

    for table, what, where in ((PREFILL, "prefill", " "), (DECODE, "token", " @")):
        for quant, wanted, count, with_amx, without in table:
            if f"Browline {quant}" not in names:
                continue
            if peers := [name for name in names if name.startswith(wanted)]:
                title = (
                    f"{quant} {'prefill' if what == 'prefill' else 'decode'}{where}{count} against {wanted}"
                )
                bar = with_amx if amx else without
                yield Figure(title, ratio(quant, peers, count, what), "×", bar, "more")
    eight = [name for name in names if name.startswith(("llama.cpp Q8_0", "genai int8"))]
    if not eight:
        yield Figure("no peer is installed here; peers compared", 0, "")
        return
    for quant, with_amx, without in WHOLE:
        if (name := f"Browline {quant}") in names:
            ours, *theirs = (
                median(t.prefill + 32 * t.token for t in results[who, SHORT]) for who in (name, *eight)
            )
            title = f"{quant} {SHORT} in + 32 out against the best"
            yield Figure(title, min(theirs) / ours, "×", with_amx if amx else without, "more")
