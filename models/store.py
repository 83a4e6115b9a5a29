"""Model files on disk: fetched once, verified, then only looked at.

``<cache>/models/<model>/<file>``, with a stamp beside each that says which bytes were verified; a file put
there by hand is verified the first time it is asked for. A lock file a model keeps processes apart.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from models import fetch_http
from models.base import FetchError, ManifestError
from models.fetch_http import Progress, Sleep
from models.fetch_wheel import Wheels
from models.manifest import Manifest, ModelFile, Source


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
        wheels: Callable[[], Wheels] = Wheels,
    ) -> None:
        """``folder`` is ``cache_folder(…)``; ``sleep`` waits between tries, in the calling thread."""
        self._folder = folder / "models"
        self._manifests = manifests
        self._sleep = sleep
        self._wheels = wheels

    def manifest(self, name: str) -> Manifest:
        """The manifest of a model. Raises ManifestError, which lists what there is."""
        try:
            return self._manifests[name]
        except KeyError:
            raise ManifestError(
                f"no model is called {name!r}; there are: {', '.join(self._manifests)}"
            ) from None

    def path(self, name: str, file: ModelFile) -> Path:
        """Where a file belongs, whether it is there or not."""
        return self._folder / name / file.name

    def missing(self) -> list[str]:
        """Models of which a file is not there or not verified; quick, nothing is hashed."""
        return [
            name
            for name, manifest in self._manifests.items()
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
            with self._locked(name), self._wheels() as wheels:
                self._fetch_all(manifest, wheels, progress)
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

    def _fetch_all(self, manifest: Manifest, wheels: Wheels, progress: Progress) -> None:
        before = 0
        for file in manifest.files:
            start = before

            def count(done: int, _total: int, start: int = start) -> None:
                progress(start + done, manifest.bytes)

            self._fetch_file(manifest.name, file, wheels, count)
            before += file.bytes
            progress(before, manifest.bytes)

    def _fetch_file(self, name: str, file: ModelFile, wheels: Wheels, progress: Progress) -> None:
        path = self.path(name, file)
        if _stamped(path, file) or (path.is_file() and _adopt(path, file)):
            return
        part = path.with_name(file.name + ".part")
        answers: list[str] = []
        for source in file.sources:
            try:
                self._try(source, file, part, wheels, progress)
            except FetchError as error:
                answers.append(f"{source.url or source.wheel}: {error}")
                continue
            part.replace(path)
            fetch_http.forget(part)
            _stamp(path, file)
            return
        raise FetchError(_nobody_gave(file, path, answers))

    def _try(self, source: Source, file: ModelFile, part: Path, wheels: Wheels, progress: Progress) -> None:
        if source.url:
            fetch_http.fetch(fetch_http.Request(source.url, part, file.bytes), self._sleep, progress)
        else:
            wheels.fetch(source, part, file.bytes)
        found = _sha256(part)
        if found != file.sha256:
            fetch_http.forget(part)
            raise FetchError(f"SHA-256 is {found}, not {file.sha256}: the file was refused and removed")

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


def _nobody_gave(file: ModelFile, path: Path, answers: list[str]) -> str:
    listed = "".join(f"\n  {answer}" for answer in answers) or "\n  its manifest names no source"
    return (
        f"{file.name} could not be had:{listed}\n"
        f"Run `browline models pull` when online, or put the file at {path}"
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
    if path.stat().st_size != file.bytes or _sha256(path) != file.sha256:
        return False
    _stamp(path, file)
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
