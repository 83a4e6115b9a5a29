"""ONNX Runtime: the only file that imports it.

Its Linux wheels carry telemetry that writes a device id into the home folder; ``library`` turns that off
before the first import, whatever the environment says.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import BackendError
from models.manifest import ModelFile, Tensor

CPU = "CPUExecutionProvider"
# onnxruntime/core/session/onnxruntime_session_options_config_keys.h
SPINNING = "session.intra_op.allow_spinning"
STOP_SPINNING = "session.force_spinning_stop"
SHARED_ARENA = "session.use_env_allocators"
FIRST_BLOCK = 128 << 20  # what a picture needs; resident only where it is used

_loading = threading.Lock()
_loaded: list[Any] = []


def ignore(_note: str) -> None:
    """A report that nobody reads."""


class Options(msgspec.Struct, frozen=True):
    """How to run: execution providers, best first (the CPU is always the last resort), and threads.

    ``report`` gets one line for each provider that was asked for and not got, and why.
    """

    providers: tuple[str, ...] = (CPU,)
    threads: int = 2
    report: Callable[[str], object] = ignore


DEFAULT = Options()


def library() -> Any:
    """Import onnxruntime once, from whichever thread comes first, and give all sessions one arena."""
    with _loading:
        if not _loaded:
            os.environ["ORT_DISABLE_TELEMETRY"] = "1"
            import onnxruntime

            _share_arena(onnxruntime)
            _loaded.append(onnxruntime)
    return _loaded[0]


def _share_arena(ort: Any) -> None:
    # Pictures differ in size. Measured with the text models over 60 of random sizes: an arena a session, the
    # default, grows to 419 MB; one for all stays at 230 MB and is faster than any that gives memory back.
    info = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    powers_of_two = {"arena_extend_strategy": 0, "initial_chunk_size_bytes": FIRST_BLOCK}
    ort.create_and_register_allocator(info, ort.OrtArenaCfg(powers_of_two))


class Session:
    """A model file, loaded. ``run`` may be called from any one thread at a time."""

    def __init__(self, path: Path, file: ModelFile, options: Options = DEFAULT) -> None:
        self._path = path
        self._file = file
        self._session: Any = self._open(options)
        self._check(file.inputs, self._session.get_inputs(), "input")
        self._check(file.outputs, self._session.get_outputs(), "output")
        self._wanted = {tensor.name: tensor for tensor in file.inputs}

    @property
    def provider(self) -> str:
        """The execution provider that was got for this session."""
        return str(self._live().get_providers()[0])

    @property
    def metadata(self) -> dict[str, str]:
        """What the model file says of itself."""
        return dict(self._live().get_modelmeta().custom_metadata_map)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs, in the model's order. Raises BackendError."""
        session = self._live()
        self._check_feeds(feeds)
        try:
            outputs: list[NDArray[Any]] = session.run(None, dict(feeds))
        except Exception as error:  # the library's errors have no common root
            raise BackendError(f"{self._path.name} failed while running: {first_line(error)}") from error
        return outputs

    def close(self) -> None:
        """Free the model's memory; a later ``run`` is refused."""
        self._session = None

    def _live(self) -> Any:
        if self._session is None:
            raise BackendError(f"{self._path.name} was unloaded: ask the runner for it again")
        return self._session

    def _open(self, options: Options) -> Any:
        ort = library()
        available = ort.get_available_providers()
        for provider in dict.fromkeys((*options.providers, CPU)):
            if provider not in available:
                options.report(f"{self._path.name}: asked {provider}: not in this build of onnxruntime")
                continue
            try:
                session = self._try(ort, provider, options.threads)
            except Exception as error:  # as above
                if provider == CPU:
                    raise self._refused(error) from error
                options.report(f"{self._path.name}: asked {provider}: {first_line(error)}")
                continue
            if (got := session.get_providers()[0]) != provider:
                options.report(f"{self._path.name}: asked {provider}, got {got}: the library gives no reason")
            return session
        raise BackendError(f"{self._path.name}: onnxruntime has no {CPU}; install it again")

    def _try(self, ort: Any, provider: str, threads: int) -> Any:
        settings = session_options(ort, threads)
        # Its own fallback prints to the terminal; ours reports.
        return ort.InferenceSession(str(self._path), settings, providers=[provider], enable_fallback=0)

    def _refused(self, error: Exception) -> BackendError:
        if not self._path.is_file():
            return BackendError(f"{self._path} is not there: run `browline models pull`")
        return BackendError(
            f"{self._path} can't be loaded ({first_line(error)}): "
            "run `browline models remove` and `browline models pull`"
        )

    def _check(self, wanted: Sequence[Tensor], have: Sequence[Any], kind: str) -> None:
        found = {tensor.name: tensor for tensor in have}
        for tensor in wanted:
            other = found.get(tensor.name)
            if other is None or not _fits(tensor.shape, other.shape):
                seen = ", ".join(f"{name} {list(t.shape)}" for name, t in found.items())
                raise BackendError(
                    f"{self._path.name}: the manifest wants {kind} {tensor.name} {list(tensor.shape)}, "
                    f"the model has {seen}: the manifest and the file do not belong together"
                )

    def _check_feeds(self, feeds: Mapping[str, NDArray[Any]]) -> None:
        for name, tensor in self._wanted.items():
            array = feeds.get(name)
            if array is None:
                raise BackendError(f"{self._path.name}: input {name} is missing")
            if array.dtype != np.dtype(tensor.dtype) or not _fits(tensor.shape, array.shape):
                raise BackendError(
                    f"{self._path.name}: input {name} must be {tensor.dtype}{list(tensor.shape)}, "
                    f"not {array.dtype}{list(array.shape)}"
                )


def session_options(ort: Any, threads: int, *, spin: bool = False) -> Any:
    """How every session runs; ``spin``: threads wait for the next node of a run with their cores kept."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors come back as exceptions; nothing else is for the wearer
    # Spinning threads take the cores from the HUD between two calls: they stop when a run ends.
    options.add_session_config_entry(SPINNING, str(int(spin)))
    options.add_session_config_entry(STOP_SPINNING, str(int(spin)))
    options.add_session_config_entry(SHARED_ARENA, "1")
    options.enable_mem_pattern = False  # a plan for each shape would hold blocks that no other shape can use
    return options


def _fits(wanted: Sequence[int | str], have: Sequence[Any]) -> bool:
    pairs = zip(wanted, have, strict=False)
    return len(wanted) == len(have) and all(
        a == b or isinstance(a, str) or not isinstance(b, int) for a, b in pairs
    )


def first_line(error: Exception) -> str:
    """What an error says, short enough for a sentence."""
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
