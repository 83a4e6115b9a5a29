"""From a bare clone to running glasses: ``./run`` and ``./run test`` start here.

Only the standard library is used, because nothing is installed yet. The wheels are downloaded once into
the cache, under the hash of the lock file, and installed from there, so that a second clone needs no network.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TRIES = 3


class SetupError(Exception):
    """The environment can't be made; the message says what to do."""


def say(text: str) -> None:
    """One line of what is being done, where the wearer of the terminal sees it."""
    print(f"browline: {text}", file=sys.stderr, flush=True)


def cache_folder(environment: dict[str, str]) -> Path:
    """``$BROWLINE_CACHE``, else ``browline`` in the user's cache folder."""
    if chosen := environment.get("BROWLINE_CACHE"):
        return Path(chosen)
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".cache"
    return Path(base) / "browline"


def fingerprint(lock: Path) -> str:
    """What a set of wheels depends on: the lock file, the Python version, the machine."""
    about = f"{sys.version_info.major}.{sys.version_info.minor} {platform.machine()} {platform.libc_ver()[0]}"
    return hashlib.sha256(lock.read_bytes() + about.encode()).hexdigest()[:16]


def pip(*arguments: str) -> int:
    """Run the environment's own pip and return its exit status."""
    return subprocess.call([PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments], cwd=ROOT)


def make_venv() -> None:
    """Make ``.venv`` with pip in it."""
    say(f"making {VENV.name} with Python {platform.python_version()}")
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"can't make {VENV.name} ({error}). On Debian and Ubuntu: apt install python3-venv"
        ) from error


def download(lock: Path, wheels: Path) -> None:
    """Fetch every wheel of ``lock``, checked against its hash, into ``wheels``; try again when cut off."""
    if (wheels / "complete").exists():
        say(f"the packages of {lock.name} are in the cache")
        return
    say(f"downloading the packages of {lock.name} (once; about 120 MB)")
    wheels.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, TRIES + 1):
        if pip("download", "-q", "--progress-bar=on", "--only-binary=:all:", "--require-hashes",
               "--dest", str(wheels), "-r", str(lock)) == 0:  # fmt: skip
            (wheels / "complete").touch()
            return
        if attempt < TRIES:
            say(f"the download failed; trying again in {5 * attempt} s")
            time.sleep(5 * attempt)
    raise SetupError(
        "the packages could not be downloaded. Check the network and pip's index, then run again"
    )


def install(lock: Path, wheels: Path) -> None:
    """Install the lock file's packages from ``wheels`` and the project itself in place."""
    say("installing")
    if pip("install", "-q", "--no-index", "--find-links", str(wheels), "--require-hashes", "-r", str(lock)):
        raise SetupError(f"pip could not install {lock.name}; remove {wheels} and run again")
    if pip("install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-e", "."):
        raise SetupError("pip could not install the project itself; its message stands above")


def prepare(lock: Path) -> None:
    """Make the environment as ``lock`` wants it, unless it already is."""
    wanted = fingerprint(lock)
    stamp = VENV / f"{lock.name}.stamp"
    if PYTHON.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    if not PYTHON.exists() or not list(VENV.glob("*.stamp")):  # none: it was cut off while being made
        make_venv()
    wheels = cache_folder(dict(os.environ)) / "wheels" / wanted
    download(lock, wheels)
    install(lock, wheels)
    stamp.write_text(wanted, encoding="utf-8")


def hand_over(*command: str) -> None:
    """Become ``command``, run by the environment's Python."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), *command])


def main(arguments: Sequence[str]) -> int:
    """Prepare, then run the tests or the glasses. 1: the environment can't be made."""
    testing = bool(arguments) and arguments[0] == "test"
    try:
        prepare(ROOT / ("requirements-dev.lock" if testing else "requirements.lock"))
    except SetupError as error:
        say(str(error))
        return 1
    if subprocess.call([PYTHON, "-m", "tools.cli", "models", "pull", "--first"], cwd=ROOT):
        say("going on without the models that are missing: barcodes are read, text is not")
    if testing:
        # A file's tests stay together: they share the models that are built for them.
        hand_over("-m", "pytest", "-n", "auto", "--dist", "loadfile", *arguments[1:])
    hand_over("-m", "tools.cli", "run", *arguments)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
