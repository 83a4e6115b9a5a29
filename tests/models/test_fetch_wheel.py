from __future__ import annotations

import hashlib
import os
import stat
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from models.base import FetchError
from models.fetch_wheel import PIP, Wheels
from models.manifest import Source

MEMBER = "toy/assets/toy.onnx"
DATA = b"weights" * 1000
METADATA = "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\n"


def make_wheel(folder: Path, data: bytes = DATA, tag: str = "py3-none-any") -> Path:
    """The smallest wheel that pip takes; importing it would leave a mark in its folder."""
    path = folder / f"toy_model-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy/__init__.py", f"open({str(folder / 'ran')!r}, 'w')\n")
        archive.writestr(MEMBER, data)
        archive.writestr("toy_model-1.0.dist-info/METADATA", METADATA)
        archive.writestr(
            "toy_model-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
        )
        archive.writestr("toy_model-1.0.dist-info/RECORD", "")
    return path


def source(path: Path, **changes: str) -> Source:
    fields = {
        "wheel": "toy-model==1.0",
        "member": MEMBER,
        "wheel_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    return msgspec.convert(fields | changes, Source)


def index(folder: Path) -> dict[str, str]:
    """An environment whose pip knows no index but this folder."""
    return dict(os.environ) | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_CONFIG_FILE": os.devnull,
    }


def fake_pip(folder: Path, script: str) -> tuple[str, ...]:
    path = folder / "pip"
    path.write_text(f"#!{sys.executable}\nimport sys, shutil, pathlib\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return (str(path),)


def copying_pip(folder: Path, wheel: Path) -> tuple[str, ...]:
    log = folder / "calls"
    return fake_pip(
        folder,
        f"open({str(log)!r}, 'a').write('x')\n"
        f"shutil.copy({str(wheel)!r}, sys.argv[sys.argv.index('--dest') + 1])",
    )


def test_pip_brings_the_wheel_and_the_file_comes_out_of_it(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, tag="cp312-none-any")  # tagged for another Python, as real ones are
    part = tmp_path / "toy.part"
    with Wheels(PIP, index(tmp_path)) as wheels:
        wheels.fetch(source(wheel, python="3.12"), part, len(DATA))
    assert part.read_bytes() == DATA
    assert not (tmp_path / "ran").exists(), "code of the wheel was run"


def test_a_wheel_that_no_index_has_is_said_in_pips_words(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with Wheels(PIP, index(tmp_path)) as wheels, pytest.raises(FetchError, match=r"pip: .*toy-model==9.9"):
        wheels.fetch(source(wheel, wheel="toy-model==9.9"), tmp_path / "part", 10)


def test_two_files_of_one_wheel_cost_one_download(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with Wheels(copying_pip(tmp_path, wheel)) as wheels:
        wheels.fetch(source(wheel), tmp_path / "a", len(DATA))
        wheels.fetch(source(wheel), tmp_path / "b", len(DATA))
    assert (tmp_path / "calls").read_text(encoding="utf-8") == "x"
    assert (tmp_path / "b").read_bytes() == DATA


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    part = tmp_path / "part"
    with Wheels(copying_pip(tmp_path, wheel)) as wheels, pytest.raises(FetchError, match="refused"):
        wheels.fetch(source(wheel, wheel_sha256="0" * 64), part, len(DATA))
    assert not part.exists()


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with (
        Wheels(copying_pip(tmp_path, wheel)) as wheels,
        pytest.raises(FetchError, match=r"holds no gone\.bin"),
    ):
        wheels.fetch(source(wheel, member="gone.bin"), tmp_path / "part", 10)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, bytes(10_000_000))
    part = tmp_path / "part"
    with Wheels(copying_pip(tmp_path, wheel)) as wheels:
        wheels.fetch(source(wheel), part, 1000)
    assert part.stat().st_size == 1001, "one byte more than wanted: the hash refuses it"


def test_a_damaged_archive_is_said(tmp_path: Path) -> None:
    wheel = tmp_path / "toy_model-1.0-py3-none-any.whl"
    wheel.write_bytes(b"no zip")
    with Wheels(copying_pip(tmp_path, wheel)) as wheels, pytest.raises(FetchError, match="is damaged"):
        wheels.fetch(source(wheel), tmp_path / "part", 10)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sys.exit('/usr/bin/python3: No module named pip')", "no pip: run `python -m ensurepip`"),
        ("sys.exit('WARNING: Retrying after NewConnectionError: ...')", "is this machine online"),
        ("sys.exit('ERROR: the moon is in the wrong phase')", "pip: the moon is in the wrong phase"),
        ("sys.exit(3)", "says nothing"),
        ("", "brought 0 wheels"),
    ],
)
def test_pips_troubles_are_told_plainly(tmp_path: Path, script: str, words: str) -> None:
    wheel = make_wheel(tmp_path)
    with Wheels(fake_pip(tmp_path, script)) as wheels, pytest.raises(FetchError, match=words):
        wheels.fetch(source(wheel), tmp_path / "part", 10)


def test_pip_that_never_ends_is_ended(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    slow = fake_pip(tmp_path, "import threading; threading.Event().wait(60)")
    with Wheels(slow, timeout_s=0.3) as wheels, pytest.raises(FetchError, match="longer than"):
        wheels.fetch(source(wheel), tmp_path / "part", 10)


def test_no_python_to_run_pip_with(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with Wheels((str(tmp_path / "nothing"),)) as wheels, pytest.raises(FetchError, match="is not there"):
        wheels.fetch(source(wheel), tmp_path / "part", 10)
