"""What the first picture on the HUD need not wait for is not imported before it."""

from __future__ import annotations

import subprocess
import sys

# The libraries of features that most starts never use, or not at once.
LATER = (
    "cv2", "mcap", "onnx", "onnxruntime", "opencc", "pypinyin", "sherpa_onnx", "soundfile", "soxr", "text_to_num",
    "tokenizers", "zstandard",
)  # fmt: skip


def test_the_glasses_start_without_the_libraries_of_what_comes_later() -> None:
    code = "import sys, runtime.app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "numpy" in loaded
    assert sorted(set(LATER) & set(loaded)) == []
