"""Weights as this CPU's kernels want them: packed once on the machine at hand, mapped from then on.

ONNX Runtime packs a graph's weights into memory of its own whenever the graph is loaded: seconds, and as much memory
as the weights take, which nobody can take back. Saved and mapped, they load at once and belong to the page cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from models.backends.onnx_wire import with_weights_of
from models.backends.ort import CPU, first_line, library, session_options
from models.base import BackendError

FOLDER = "packed"  # beside the graph; may be deleted at any time
SEAL = "sizes.json"
ABANDONED_S = 3600.0
LEAST = 32 << 20  # bytes of weights; less is packed in no time

# onnxruntime/core/session/onnxruntime_session_options_config_keys.h
SAVE_PACKED = "session.save_external_prepacked_constant_initializers"
DATA_NAME = "session.optimized_model_external_initializers_file_name"
DATA_FROM = "session.optimized_model_external_initializers_min_size_in_bytes"


Beside = Callable[[], AbstractContextManager[object]]
"""What puts more files beside a graph while it is loaded, and takes them away again."""


def packed(
    graph: Path, weights: Path, threads: int, least: int = LEAST, beside: Beside = nullcontext
) -> Path:
    """The packed twin of ``graph``, made if need be; ``graph`` itself where that is not worth it or not possible.

    Raises BackendError when the graph can't be loaded at all.
    """
    try:
        if weights.stat().st_size < least:
            return graph
        place = graph.parent / FOLDER / f"{graph.stem}-{mark(graph, weights)}"
        if not _whole(place, graph):
            with beside():
                _make(graph, place, threads)
    except OSError:  # no room, a folder that can't be written, or no model any more
        return graph
    return place / graph.name


def packed_like(graph: Path, other: Path, weights: Path, threads: int, least: int = LEAST) -> Path:
    """The twin of ``graph`` over what is packed for ``other``, a graph that uses the same weights in the same way.

    Both are then in memory once. ``graph`` itself where nothing is packed. Raises BackendError.
    """
    twin = packed(other, weights, threads, least)
    if twin == other:
        return graph
    made = twin.with_name(f"{graph.stem}-{hashlib.sha256(graph.read_bytes()).hexdigest()[:16]}.onnx")
    try:
        if not made.exists():
            _graft(graph, twin, made)
    except (OSError, ValueError):  # as above; or the library packed something else than was asked for
        return graph
    return made


def _graft(graph: Path, twin: Path, made: Path) -> None:
    """Write ``graph`` with the weights of ``twin`` in place of its own. Raises OSError, ValueError."""
    model = with_weights_of(graph.read_bytes(), twin.read_bytes())
    with tempfile.TemporaryDirectory(dir=made.parent.parent, prefix=".making-") as half:
        whole = Path(half) / made.name
        whole.write_bytes(model)
        with whole.open("rb") as opened:
            os.fsync(opened.fileno())
        whole.rename(made)


def clear(folder: Path) -> None:
    """Remove everything that was packed for the model in ``folder``."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def _make(graph: Path, place: Path, threads: int) -> None:
    place.parent.mkdir(exist_ok=True)
    _clear(place.parent, graph.stem)
    # Packed weights are the larger by what the kernels do not take; twice is what was seen at most.
    if shutil.disk_usage(place.parent).free < 2.5 * sum(
        file.stat().st_size for file in graph.parent.glob("*.data")
    ):
        raise OSError(f"no room for packed weights in {place.parent}")
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as half:
        _save(graph, Path(half), threads)
        _seal(Path(half))
        Path(half).rename(place)
        Path(half).mkdir()  # what leaving this block removes


def _save(graph: Path, folder: Path, threads: int) -> None:
    ort = library()
    options: Any = session_options(ort, threads)
    options.optimized_model_filepath = str(folder / graph.name)
    options.add_session_config_entry(DATA_NAME, f"{graph.stem}.data")
    options.add_session_config_entry(DATA_FROM, "1024")
    options.add_session_config_entry(SAVE_PACKED, "1")
    try:
        ort.InferenceSession(str(graph), options, providers=[CPU], enable_fallback=0)
    except Exception as error:  # the library's errors have no common root
        if "No space left" in str(error) or not graph.is_file():
            raise OSError(first_line(error)) from error
        raise BackendError(f"{graph} can't be loaded ({first_line(error)}): build the model again") from error


def _clear(place: Path, stem: str) -> None:
    """Remove what was packed for another CPU, library or build, and what a killed process left half made."""
    for older in place.glob(f"{stem}-*"):
        shutil.rmtree(older, ignore_errors=True)
    place.touch()  # by the disk's own clock
    for half in place.glob(".making-*"):
        if place.stat().st_mtime - half.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(half, ignore_errors=True)


def _seal(folder: Path) -> None:
    """All of it on the disk before it is called whole: glasses lose power when they like."""
    sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    (folder / SEAL).write_text(json.dumps(sizes))
    for file in folder.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


def _whole(place: Path, graph: Path) -> bool:
    try:
        sizes = json.loads((place / SEAL).read_text("utf-8"))
        return graph.name in sizes and all(
            (place / name).stat().st_size == size for name, size in sizes.items()
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def mark(graph: Path, weights: Path) -> str:
    """Changes with the graph, its weights, the library and the CPU. Raises OSError."""
    digest = hashlib.sha256(graph.read_bytes())
    about = weights.stat()
    for part in (about.st_size, about.st_mtime_ns, machine()):
        digest.update(str(part).encode())
    return digest.hexdigest()[:16]


def machine() -> str:
    """The library and the CPU: with either, the bits of what is packed and computed may change."""
    return f"{library().__version__} {platform.machine()} {_features()}"


def _features() -> str:
    """What the CPU can do: the kernels, and with them the packing, are chosen by it."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor()
    lines = (line for line in text.splitlines() if line.lower().startswith(("flags", "features", "cpu part")))
    return next(lines, "")
