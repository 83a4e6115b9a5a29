"""What the README says about adding a model, followed to the letter."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from models.backends.ort import Session
from models.manifest import list_manifests
from models.store import ModelStore
from tests.models.conftest import ModelFiles
from tests.models.web import serving, whole

MANIFEST = """
name = "my-vad"
task = "voice-activity"
licence = "MIT"
memory_mb = 16

[[files]]
name = "my-vad.onnx"
role = "vad"
sha256 = "{sha256}"
bytes = {bytes}
inputs = [
    {{ name = "input", shape = ["n", "samples"] }},
    {{ name = "state", shape = [2, "n", 128] }},
    {{ name = "sr", shape = [], dtype = "int64" }},
]
outputs = [{{ name = "output", shape = ["n", 1] }}]

[[files.sources]]
url = "{url}"
"""


def test_a_manifest_is_all_that_a_new_model_needs(model_files: ModelFiles, tmp_path: Path) -> None:
    data = model_files("silero-vad")["silero_vad_16k_op15.onnx"].read_bytes()
    with serving(whole(data)) as web:
        text = MANIFEST.format(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), url=web.url)
        (tmp_path / "my-vad.toml").write_text(text, encoding="utf-8")
        manifests = list_manifests(tmp_path)
        files = ModelStore(tmp_path / "cache", manifests, lambda _seconds: None).ensure("my-vad")
    file = manifests["my-vad"].file("vad")
    probability, _ = Session(files[file.name], file).run(
        {
            "input": np.zeros((1, 576), np.float32),
            "state": np.zeros((2, 1, 128), np.float32),
            "sr": np.array(16_000, np.int64),
        }
    )
    assert 0 <= probability.item() < 0.1
