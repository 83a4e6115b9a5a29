"""What reading costs: in a process of its own, so that nothing else is measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from models.manifest import list_manifests
from tests.models.conftest import ModelFiles

ROOT = Path(__file__).resolve().parents[3]
READ_MANY = """
import sys, cv2, numpy as np
from pathlib import Path
from models.manifest import list_manifests
from models.ocr.build import open_reader

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

cv2.setNumThreads(2)
manifest = list_manifests()["ppocrv6-tiny"]
before = resident_mb()
reader = open_reader(manifest, {file.name: Path(sys.argv[1], file.name) for file in manifest.files})
label = np.full((960, 1280, 3), 225, np.uint8)
for row in range(8):
    cv2.putText(label, "EXPIRES 12.03.2027", (60 + 40 * row, 90 + 100 * row), 0, 1 + row / 8, (30, 20, 20), 3)
sizes = [(w, h) for w in (640, 1000, 1920) for h in (480, 720, 1080)]
for _ in range(3):
    for size in sizes:
        assert len(reader.read(cv2.resize(label, size))) >= 6
    print(resident_mb() - before)
"""


def test_memory_stays_within_the_manifest_and_flat(model_files: ModelFiles) -> None:
    manifest = list_manifests()["ppocrv6-tiny"]
    folder = next(iter(model_files(manifest.name).values())).parent
    done = subprocess.run(
        [sys.executable, "-c", READ_MANY, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second, third = (int(line) for line in done.stdout.split())
    library_mb = 30  # onnxruntime itself, shared by all models
    assert third <= manifest.memory_mb + library_mb
    assert third - second <= 8, (first, second, third)
