"""Memory and start of a loaded model at Qwen3-0.6B's sizes, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from models.backends import ort_packed
from models.qwen_vl.engine import Request, open_engine, run
from models.qwen_vl.folder import ModelFolder
from tools.bench import qwen_weights
from tools.bench.figures import Figure


class Seen(msgspec.Struct):
    """What the process says of itself: seconds until the model was open, bytes."""

    open_s: float
    peak: int
    anonymous: int


def measure() -> Iterator[Figure]:
    """The first start packs the weights; the second is what happens every day."""
    model = qwen_weights.built(qwen_weights.random_06b(), "int8")
    weights = ModelFolder(model).about.weights_bytes
    ort_packed.clear(model)
    first, second = (_start(model) for _ in range(2))
    yield Figure("first start, weights packed", first.open_s, "s")
    yield Figure("second start, warm disk", second.open_s, "s", 2.0)
    yield Figure("peak memory", second.peak / 1e6, "MB", 1.2 * weights / 1e6 + 300)
    yield Figure("anonymous memory, of the weights", 100 * second.anonymous / weights, "%", 25)


def _start(model: Path) -> Seen:
    command = [sys.executable, "-m", "tools.bench.qwen_memory", str(model)]
    done = subprocess.run(command, check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=Seen)


def _child(model: Path) -> Seen:
    start = time.perf_counter()
    engine = open_engine(model, now_ns=time.perf_counter_ns)
    opened = time.perf_counter() - start
    run(engine.answer(Request(messages=[{"role": "user", "content": "hello " * 100}], limit=64)))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak, anonymous = (int(status[key].split()[0]) * 1024 for key in ("VmHWM", "RssAnon"))
    return Seen(opened, peak, anonymous)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_child(Path(sys.argv[1]))))
