"""Draw the committed answers of the reference anew: ``python -m tests.models.speech.whisper.make_reference``.

It wants torch and transformers beside Browline; transformers 5.24 was used.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench import tiny_whisper

FOLDER = Path(__file__).with_name("reference")


def main() -> None:
    import torch
    from transformers import WhisperForConditionalGeneration

    whisper: Any = WhisperForConditionalGeneration
    FOLDER.mkdir(exist_ok=True)
    for number in tiny_whisper.SHAPES:
        with tempfile.TemporaryDirectory() as place, torch.no_grad():
            folder = tiny_whisper.draw(number, Path(place, "tiny"))
            model = whisper.from_pretrained(folder, attn_implementation="eager").float().eval()
            mel = torch.from_numpy(tiny_whisper.mel(number))[None]
            said = model(input_features=mel, decoder_input_ids=torch.tensor([tiny_whisper.tokens(number)]))
            np.savez_compressed(FOLDER / f"{number}.npz", logits=said.logits[0].numpy())


if __name__ == "__main__":
    main()
