"""Model files on disk: fetched once, verified, then only looked at.

``<cache>/models/<model>/<file>``, with a stamp beside each that says which bytes were verified; a file put
there by hand is verified the first time it is asked for. A lock file a model keeps processes apart.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from models.base import FetchError, ManifestError
from models.manifest import Manifest, ModelFile, sha256_of

if TYPE_CHECKING:
    from models.fetch_http import Progress, Sleep
    from models.fetch_wheel import Wheels


class Stamp(msgspec.Struct, frozen=True):
    """What was verified: the hash, and how the file looked then."""

    sha256: str
    bytes: int
    mtime_ns: int


def cache_folder(environ: Mapping[str, str]) -> Path:
    """``$BROWLINE_CACHE``, else ``browline`` in ``$XDG_CACHE_HOME`` or in ``~/.cache``."""
    if chosen := environ.get("BROWLINE_CACHE"):
        return Path(chosen)
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home(), ".cache"))
    return Path(base, "browline")


def ignore_progress(done: int, total: int) -> None:
    """A progress callback that says nothing."""


class ModelStore:
    """Gives paths of verified model files, fetching what is missing."""

    def __init__(
        self,
        folder: Path,
        manifests: Mapping[str, Manifest],
        sleep: Sleep,
        wheels: Callable[[], Wheels] | None = None,
    ) -> None:
        """``folder`` is ``cache_folder(…)``; ``sleep`` waits between tries, in the calling thread."""
        self._folder = folder / "models"
        self.manifests = manifests
        self._sleep = sleep
        self._wheels = wheels

    def manifest(self, name: str) -> Manifest:
        """The manifest of a model. Raises ManifestError, which lists what there is."""
        try:
            return self.manifests[name]
        except KeyError:
            raise ManifestError(
                f"no model is called {name!r}; there are: {', '.join(self.manifests)}"
            ) from None

    def path(self, name: str, file: ModelFile) -> Path:
        """Where a file belongs, whether it is there or not."""
        return self._folder / name / file.name

    def missing(self) -> list[str]:
        """Models of which a file is not there or not verified; quick, nothing is hashed."""
        return [
            name
            for name, manifest in self.manifests.items()
            if not all(_stamped(self.path(name, file), file) for file in manifest.files)
        ]

    def ensure(self, name: str, progress: Progress = ignore_progress) -> dict[str, Path]:
        """File name → path, all verified; fetches what is missing. Raises FetchError, ManifestError.

        ``progress(done, total)`` counts the bytes of the whole model, in the calling thread.
        """
        manifest = self.manifest(name)
        paths = {file.name: self.path(name, file) for file in manifest.files}
        if all(_stamped(paths[file.name], file) for file in manifest.files):
            return paths
        try:
            with self._locked(name):
                self._fetch_all(manifest, progress)
        except OSError as error:
            if isinstance(error, FetchError):
                raise
            raise self._disk_error(manifest, error) from error
        return paths

    def remove(self, name: str) -> None:
        """Delete a model's files; one that is not there is fine. Raises ManifestError, FetchError."""
        folder = self._folder / self.manifest(name).name
        if not folder.exists():
            return
        try:
            with self._locked(name):
                shutil.rmtree(folder)
        except OSError as error:
            raise FetchError(f"{folder} can't be removed: {error.strerror}") from error

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        (self._folder / name).mkdir(parents=True, exist_ok=True)
        with (self._folder / f".{name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the kernel even after a crash
            (self._folder / name).mkdir(exist_ok=True)  # it may have been removed while we waited
            yield

    def _fetch_all(self, manifest: Manifest, progress: Progress) -> None:
        from models.fetch import Fetcher  # pip, HTTP, TLS: at start-up the files are there already

        before = 0
        with Fetcher(self._sleep, self._wheels) as fetcher:
            for file in manifest.files:
                start = before

                def count(done: int, _total: int, start: int = start) -> None:
                    progress(start + done, manifest.bytes)

                path = self.path(manifest.name, file)
                if not (_stamped(path, file) or _adopt(path, file)):
                    fetcher.fetch(file, path, count)
                    _stamp(path, file)
                before += file.bytes
                progress(before, manifest.bytes)

    def _disk_error(self, manifest: Manifest, error: OSError) -> FetchError:
        folder = self._folder / manifest.name
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return FetchError(
                f"the disk is full: {manifest.name} needs {manifest.bytes / 1e6:.1f} MB in {folder}; "
                "free some and pull again, what has come is kept"
            )
        return FetchError(
            f"{folder} can't be written ({error.strerror or error}): set BROWLINE_CACHE to a folder that can"
        )


def _stamp_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")


def _stamp(path: Path, file: ModelFile) -> None:
    seen = Stamp(file.sha256, file.bytes, path.stat().st_mtime_ns)
    _stamp_path(path).write_bytes(msgspec.json.encode(seen))


def _stamped(path: Path, file: ModelFile) -> bool:
    """Whether the file is still the one that was verified, by its size and time."""
    try:
        seen = msgspec.json.decode(_stamp_path(path).read_bytes(), type=Stamp)
        now = path.stat()
    except (OSError, msgspec.DecodeError):
        return False
    return seen == Stamp(file.sha256, now.st_size, now.st_mtime_ns)


def _adopt(path: Path, file: ModelFile) -> bool:
    """Take a file that somebody put there, if it is the right one."""
    if not path.is_file() or path.stat().st_size != file.bytes or sha256_of(path) != file.sha256:
        return False
    _stamp(path, file)
    return True
