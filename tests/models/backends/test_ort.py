from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.backends.ort import CPU, Options, Session
from models.base import BackendError
from models.manifest import ModelFile, Tensor, list_manifests
from tests.models.conftest import ModelFiles

DETECTOR = list_manifests()["ppocrv6-tiny"].file("detector")
ONE = np.zeros((1, 3, 64, 64), np.float32)

FRESH_HOME = """
import sys, numpy as np
from pathlib import Path
from models.backends.ort import Session
from models.manifest import list_manifests
session = Session(Path(sys.argv[1]), list_manifests()["ppocrv6-tiny"].file("detector"))
session.run({"x": np.zeros((1, 3, 64, 64), np.float32)})
session.close()
"""


@pytest.fixture
def path(model_files: ModelFiles) -> Path:
    return model_files("ppocrv6-tiny")[DETECTOR.name]


@pytest.mark.parametrize("asked_for", [{}, {"ORT_DISABLE_TELEMETRY": "0"}], ids=["bare", "switched on"])
def test_no_telemetry_is_written_in_a_fresh_home(
    path: Path, tmp_path: Path, asked_for: dict[str, str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-B", "-c", FRESH_HOME, str(path)],
        env={"HOME": str(home), "TMPDIR": str(home), **asked_for},
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []


def test_the_library_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, models.backends.ort, models.ocr.build; sys.exit('onnxruntime' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_model_runs(path: Path) -> None:
    said: list[str] = []
    session = Session(path, DETECTOR, Options(report=said.append))
    (heat,) = session.run({"x": ONE})
    assert heat.shape == (1, 1, 64, 64)
    assert session.provider == CPU
    assert said == []


def test_a_provider_that_is_not_there_is_reported_and_the_cpu_taken(path: Path) -> None:
    said: list[str] = []
    session = Session(path, DETECTOR, Options(("CUDAExecutionProvider", CPU), report=said.append))
    assert session.provider == CPU
    assert said == [f"{path.name}: asked CUDAExecutionProvider: not in this build of onnxruntime"]
    session.run({"x": ONE})


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        (np.zeros((1, 1, 64, 64), np.float32), r"input x must be float32\['n', 3, 'h', 'w'\], not"),
        (np.zeros((3, 64, 64), np.float32), r"not float32\[3, 64, 64\]"),
        (np.zeros((1, 3, 64, 64), np.float64), r"not float64"),
        (np.zeros((1, 3, 0, 64), np.float32), "failed while running"),
    ],
)
def test_a_wrong_input_is_refused_with_what_was_wanted(
    path: Path, feed: np.ndarray[tuple[int, ...], np.dtype[np.float32]], words: str
) -> None:
    session = Session(path, DETECTOR)
    with pytest.raises(BackendError, match=words):
        session.run({"x": feed})
    with pytest.raises(BackendError, match="input x is missing"):
        session.run({"y": ONE})
    session.run({"x": ONE})


def test_a_missing_or_corrupt_file_says_what_to_do(path: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"gone.onnx is not there: run `browline models pull`"):
        Session(tmp_path / "gone.onnx", DETECTOR)
    for data in (b"", b"no model", path.read_bytes()[:100_000]):
        (tmp_path / "bad.onnx").write_bytes(data)
        with pytest.raises(BackendError, match=r"bad.onnx can't be loaded .*models remove"):
            Session(tmp_path / "bad.onnx", DETECTOR)


@pytest.mark.parametrize(
    "tensor", [Tensor(name="y", shape=("n", 3, "h", "w")), Tensor(name="x", shape=("n", 1, "h", "w"))]
)
def test_a_file_of_another_model_is_refused(path: Path, tensor: Tensor) -> None:
    other: ModelFile = msgspec.structs.replace(DETECTOR, inputs=(tensor,))
    with pytest.raises(BackendError, match=r"the manifest wants input .* do not belong together"):
        Session(path, other)


def test_a_closed_session_says_so(path: Path) -> None:
    session = Session(path, DETECTOR)
    session.close()
    with pytest.raises(BackendError, match=r"^PP-OCRv6_det_tiny\.onnx was unloaded: ask the runner"):
        session.run({"x": ONE})


def test_memory_stays_flat_however_shapes_change(path: Path) -> None:
    session = Session(path, DETECTOR)
    shapes = [(1, 3, 32 * h, 32 * w) for h in range(8, 20, 3) for w in range(8, 20, 3)]

    def around() -> int:
        for shape in shapes:
            session.run({"x": np.zeros(shape, np.float32)})
        return _resident_mb()

    first = around()
    assert around() - first < 20


def _resident_mb() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 >> 20
