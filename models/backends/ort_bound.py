"""ONNX Runtime with buffers that stay where they are: for graphs that are run once a token.

What a binding holds (a KV cache, rotary tables) is read and written in place, between runs too. The arrays
belong to the caller and must outlive the binding.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from models.backends.ort import CPU, first_line, library, session_options
from models.backends.ort_packed import Beside, packed
from models.base import BackendError


class BoundSession:
    """A graph, loaded. Any number of bindings may share it, one running at a time."""

    def __init__(
        self,
        path: Path,
        threads: int = 2,
        weights: Path | None = None,
        beside: Beside = nullcontext,
        *,
        spin: bool = True,
    ) -> None:
        """``weights``: the file beside the graph that may be packed once and mapped.

        ``spin``: threads keep their cores between the steps of a run: 15 % of a token, where steps are small.

        ``beside`` makes what else the graph reads, for as long as it is loaded. Raises BackendError, and OSError
        where that can't be made.
        """
        self.path = path
        ort = library()
        options = session_options(ort, threads, spin=spin)
        loaded = path if weights is None else packed(path, weights, threads, beside=beside)
        try:
            with beside() if loaded == path else nullcontext():
                self._session: Any = ort.InferenceSession(
                    str(loaded), options, providers=[CPU], enable_fallback=0
                )
        except OSError:
            raise
        except Exception as error:  # the library's errors have no common root
            raise BackendError(
                f"{path} can't be loaded ({first_line(error)}): build the model again"
            ) from error

    def shapes(self) -> dict[str, tuple[int | str, ...]]:
        """Every input and output by name: sizes, and names of what varies."""
        session = self._live()
        return {one.name: tuple(one.shape) for one in (*session.get_inputs(), *session.get_outputs())}

    def bind(self) -> Binding:
        """A new binding that holds nothing yet. Raises BackendError after ``close``."""
        return Binding(self, self._live())

    def close(self) -> None:
        """Free the weights; bindings of this session are refused from now on."""
        self._session = None

    def _live(self) -> Any:
        if self._session is None:
            raise BackendError(f"{self.path.name} was unloaded: ask for it again")
        return self._session


class Binding:
    """Inputs and outputs of one conversation with a session."""

    def __init__(self, owner: BoundSession, session: Any) -> None:
        self._owner = owner
        self._io = session.io_binding()
        self._held: dict[str, NDArray[Any]] = {}

    def hold(self, name: str, array: NDArray[Any]) -> None:
        """Read input ``name`` from the memory of ``array`` in every run from now on."""
        self._keep(name, array)
        self._io.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def into(self, name: str, array: NDArray[Any]) -> None:
        """Write output ``name`` into the memory of ``array`` in every run."""
        self._keep(name, array)
        self._io.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def run(self, feeds: Mapping[str, NDArray[Any]], results: Mapping[str, NDArray[Any]]) -> None:
        """Run with ``feeds`` beside what is held, and fill ``results``. Raises BackendError."""
        session = self._owner._live()
        try:
            for name, array in feeds.items():
                self.hold(name, array)
            for name, array in results.items():
                self.into(name, array)
            session.run_with_iobinding(self._io)
        except Exception as error:  # as above
            raise BackendError(
                f"{self._owner.path.name} failed while running: {first_line(error)}"
            ) from error

    def _keep(self, name: str, array: NDArray[Any]) -> None:
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} must be contiguous")
        self._held[name] = array
