"""Built language models on this computer: where they lie, and one of them opened by name or path."""

from __future__ import annotations

import os
import re
import sys
import time
from datetime import date
from pathlib import Path

from models import language
from models.base import ManifestError
from models.qwen_vl.adapter import list_adapters
from models.qwen_vl.engine import Engine, open_engine
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.kernels import recorded, spare_memory

COMMIT = re.compile(r"@([0-9a-f]{8})[0-9a-f]{32}\b")  # of which people need no more


def built_folder() -> Path:
    """Where ``browline models build`` puts what it made."""
    return language.built_folder(os.environ)


def list_built() -> dict[str, Path]:
    """Name → folder of every built model, in the order of names."""
    return language.list_built(built_folder())


def find_model(name: str | None) -> Path:
    """A folder, or a name out of ``list_built``; the only one there is when left out. Raises ManifestError."""
    built = list_built()
    if name is None and len(built) == 1:
        return next(iter(built.values()))
    if name in built:
        return built[name]
    if name is not None and Path(name).is_dir():
        return Path(name)
    there = (
        f"there are: {', '.join(built)}"
        if built
        else "none was built yet: run `browline models build CHECKPOINT`"
    )
    raise ManifestError(f"no model is called {name!r}; {there}" if name else f"say which model; {there}")


def open_model(name: str | None, threads: int) -> Engine:
    """The engine of ``find_model``. Raises ManifestError, BackendError."""
    path = find_model(name)
    folder = ModelFolder(path)
    if sys.stderr.isatty() and folder.about.by_rows and recorded(folder) is None:
        print(f"browline: preparing {path.name} for this CPU, once", file=sys.stderr)
    return open_engine(
        path,
        threads=max(1, min(threads, os.cpu_count() or 1)),
        today=date.today(),
        now_ns=time.perf_counter_ns,
        spare_bytes=spare_memory(),
    )


def describe(path: Path) -> str:
    """One line about a built model and its adapters. Raises ManifestError."""
    about = ModelFolder(path).about
    size = sum(mark.bytes for mark in about.files.values()) / 1e6
    billions = about.text.parameters() / 1e9
    source = COMMIT.sub(r"@\1", about.source)
    line = (
        f"{about.name:<24} {size:7.1f} MB  {about.quant:<5} {about.family:<6} {billions:.2f} B from {source}"
    )
    return line + "".join(f", :{adapter}" for adapter in list_adapters(path))
