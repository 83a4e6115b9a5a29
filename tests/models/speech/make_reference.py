"""Draw the committed answers of the reference anew: ``python -m tests.models.speech.make_reference``.

It wants transformers beside Browline; 5.24 was used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.models.speech.sounds import warble

MEL = Path(__file__).with_name("reference") / "mel.npz"
SECONDS = (0.0, 1 / 16_000, 0.02, 0.5, 4.3, 29.99, 30.0)
BANDS = (80, 128)


def looked_at(samples: int) -> NDArray[np.int64]:
    """Frames of the window that are kept: its first and last ones, and those about the sound's middle and end."""
    middle, end = samples // 320, samples // 160
    near = [np.arange(at, at + 4) for at in (0, middle, end - 2, 2996)]
    return np.unique(np.clip(np.concatenate(near), 0, 2999))


def main() -> None:
    from transformers import WhisperFeatureExtractor

    kept: dict[str, NDArray[np.float32]] = {}
    for bands in BANDS:
        extract = WhisperFeatureExtractor(feature_size=bands)
        for seconds in SECONDS:
            sound = warble(seconds)
            padded = np.pad(sound, (0, 480_000 - len(sound)))
            window = extract._np_extract_fbank_features(padded[None], "cpu")[0]  # in float64
            kept[f"{bands}/{len(sound)}"] = window[:, looked_at(len(sound))].astype(np.float32)
    MEL.parent.mkdir(exist_ok=True)
    np.savez_compressed(MEL, allow_pickle=False, **kept)


if __name__ == "__main__":
    main()
