"""Which kernels multiply fastest on this CPU, for one row and for many: measured once on the device, and recorded.

``blocks`` are the weights as they are built, the others a second packing of them (see ``rows``). What wins depends
on the CPU: on plain AVX2 a packing by rows read prompts 1.9 times as fast; other CPUs are measured when a model is
opened. A lone row is about as fast in blocks, and nearer to what the model said before it was quantised.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.backends import ort_packed
from models.backends.ort_bound import BoundSession
from models.qwen_vl import rows
from models.qwen_vl.folder import Description, ModelFolder
from models.qwen_vl.shape import TextShape

Kind = Literal["blocks", "signed", "unsigned"]
Timer = Callable[[], int]  # nanoseconds

PROBES: dict[Kind, str] = {kind: f"probe-{kind}.onnx" for kind in ("blocks", "signed", "unsigned")}
PROBE_BYTES = 32 << 20  # more than a cache holds: a lone row is as fast as memory is
RECORD = "kernels.json"
MANY = 128  # rows; a chunk of a prompt
ROUNDS = 7
WORTH = 0.8  # a second copy of the weights must take less than this of the first one's time
FREE = 3  # times the weights that must be free for a second copy


class Speed(msgspec.Struct, frozen=True):
    """Milliseconds for a lone row and for ``MANY``.

    ``alone``: a lone row gets the bits it gets among others; ``exact``: no product overflows.
    """

    one_ms: float
    many_ms: float
    alone: bool
    exact: bool


class Measured(msgspec.Struct, frozen=True):
    """What was measured, and on which CPU."""

    mark: str
    speeds: dict[Kind, Speed]


class Kernels(msgspec.Struct, frozen=True):
    """What is used for many rows (a lone one is always computed in blocks); ``alone`` as in ``Speed``, of blocks."""

    many: Kind = "blocks"
    alone: bool = True


BUILT = Kernels()
"""The weights as they are built, for everything."""


def choose(folder: ModelFolder, threads: int, now_ns: Timer | None, spare_bytes: int) -> Kernels:
    """What to use for a built model; measured if it was not yet, unless there is no timer.

    ``spare_bytes`` of memory may be taken. Raises BackendError.
    """
    if not folder.about.by_rows:
        return BUILT
    measured = recorded(folder)
    if measured is None:
        measured = _measure(folder, threads, now_ns)
    blocks = measured.speeds["blocks"]
    many: Kind = "blocks"
    if holds_two(folder.about, spare_bytes):
        best = WORTH * blocks.many_ms
        for kind, speed in measured.speeds.items():
            if speed.exact and speed.many_ms < best:
                many, best = kind, speed.many_ms
    return Kernels(many, blocks.alone)


def probed(shape: TextShape) -> int:
    """How many blocks are timed."""
    return min(shape.layers, -(-PROBE_BYTES // (3 * shape.width * shape.ffn)))


def holds_two(about: Description, spare_bytes: int) -> bool:
    """Whether there is room for a second packing, should it pay."""
    return bool(about.by_rows) and spare_bytes >= FREE * about.weights_bytes


def told(folder: ModelFolder) -> str:
    """What was measured here, for people; empty where nothing was."""
    measured = recorded(folder)
    if measured is None:
        return ""
    exact = {kind: speed for kind, speed in measured.speeds.items() if speed.exact}
    many = ", ".join(f"{kind} {speed.many_ms:.1f}" for kind, speed in exact.items())
    return f"kernels, ms for one row: blocks {exact['blocks'].one_ms:.1f}; for {MANY}: {many}"


def recorded(folder: ModelFolder) -> Measured | None:
    """What was measured on this CPU; None where nothing was."""
    try:
        found = msgspec.json.decode((folder.path / ort_packed.FOLDER / RECORD).read_bytes(), type=Measured)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.mark == _mark(folder) and set(found.speeds) == set(PROBES) else None


def _measure(folder: ModelFolder, threads: int, now_ns: Timer | None) -> Measured:
    """All kernels in turn, in about a second; without a timer only whether a lone row is special in blocks."""
    blocks: dict[Kind, BoundSession] = {"blocks": _open_blocks(folder, threads)}
    probes = blocks | (_open_rows(folder, threads) if now_ns else {})
    many = np.random.default_rng(1).standard_normal((MANY, folder.about.text.width), np.float32)
    try:
        ones, others = (_times(probes, many[:count], now_ns) for count in (1, MANY))
        # Both packings add whole numbers: where they differ, the signed one has overflowed.
        packings = [_run(probe, many) for kind, probe in probes.items() if kind != "blocks"]
        exact = all(np.array_equal(packings[0], other) for other in packings)
        speeds = {
            kind: Speed(ones[kind], others[kind], _same_alone(probe, many), exact or kind != "signed")
            for kind, probe in probes.items()
        }
    finally:
        for probe in probes.values():
            probe.close()
    measured = Measured(_mark(folder), speeds)
    if all(kind in speeds and speeds[kind].many_ms > 0 for kind in PROBES):  # virtual time stands still
        _record(folder, measured)
    return measured


def _times(
    probes: Mapping[Kind, BoundSession], x: NDArray[np.float32], now_ns: Timer | None
) -> dict[Kind, float]:
    """Median milliseconds, taken in turn; 0 without a timer."""
    if now_ns is None:
        return dict.fromkeys(probes, 0.0)
    times: dict[Kind, list[int]] = {kind: [] for kind in probes}
    for _ in range(ROUNDS):
        for kind, probe in probes.items():
            start = now_ns()
            _run(probe, x)
            times[kind].append(now_ns() - start)
    return {kind: statistics.median(spent) / 1e6 for kind, spent in times.items()}


def _open_rows(folder: ModelFolder, threads: int) -> dict[Kind, BoundSession]:
    names = [f"{i}.{part}" for i in range(probed(folder.about.text)) for part in ("gate", "up", "down")]
    try:
        with rows.derived(folder, "signed", names), rows.derived(folder, "unsigned", names):
            return {kind: BoundSession(folder.path / PROBES[kind], threads) for kind in rows.GRAPHS}
    except OSError:  # a folder that can't be written, or no room: there will be no second packing
        return {}


def _open_blocks(folder: ModelFolder, threads: int) -> BoundSession:
    return BoundSession(folder.path / PROBES["blocks"], threads)


def _same_alone(probe: BoundSession, many: NDArray[np.float32]) -> bool:
    alone = _run(probe, many[:1])
    return all(np.array_equal(alone[0], _run(probe, many[:count])[0]) for count in (2, 5, MANY))


def _run(probe: BoundSession, x: NDArray[np.float32]) -> NDArray[np.float32]:
    y = np.empty_like(x)
    probe.bind().run({"embeds": np.ascontiguousarray(x)[None]}, {"hidden": y[None]})
    return y


def _record(folder: ModelFolder, measured: Measured) -> None:
    """Keep it for the next time; a folder that can't be written is measured anew each time."""
    place = folder.path / ort_packed.FOLDER
    half = place / f".{RECORD}.{os.getpid()}"
    try:
        place.mkdir(exist_ok=True)
        half.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1))
        half.replace(place / RECORD)
    except OSError:
        half.unlink(missing_ok=True)


def _mark(folder: ModelFolder) -> str:
    return ort_packed.mark(folder.path / PROBES["blocks"], folder.path / "decoder.data")


def spare_memory(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes of memory that can be had without swapping; 0 where that is not told."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text("ascii").splitlines() if ":" in line)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return 0
