"""The reference: transformers on torch in float32, which Browline does not bring along."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREEDY = 64


def load(folder: Path, adapter: Path | None = None) -> Any:
    """The checkpoint's model in float32, with a LoRA adapter by PEFT, ready to answer. Raises ImportError."""
    import torch
    import transformers

    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    sees = "vision_config" in json.loads((folder / "config.json").read_text())
    kind = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    return model.eval()


def sight(folder: Path, tokens: Sequence[int], pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
    """What the model of ``folder`` gets beside ``tokens``, in which every feature has its place."""
    if not pictures:
        return {}
    import torch
    from PIL import Image
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    config = json.loads((folder / "config.json").read_text())
    options = json.loads((folder / "preprocessor_config.json").read_text())
    processor = Qwen2VLImageProcessorPil(patch_size=config["vision_config"]["patch_size"], **options)
    made = processor([Image.fromarray(picture) for picture in pictures], return_tensors="pt")
    return {
        "pixel_values": made["pixel_values"].float(),
        "image_grid_thw": made["image_grid_thw"],
        "mm_token_type_ids": (torch.tensor([list(tokens)]) == config["image_token_id"]).int(),
    }


def logits(model: Any, tokens: Sequence[int], seen: dict[str, Any] | None = None) -> NDArray[np.float32]:
    """float32[n, vocab] after each of ``tokens``."""
    import torch

    with torch.no_grad():
        out: NDArray[np.float32] = (
            model(input_ids=torch.tensor([list(tokens)]), **(seen or {})).logits[0].numpy()
        )
    return out


def greedy(
    model: Any, tokens: Sequence[int], seen: dict[str, Any] | None = None, count: int = GREEDY
) -> list[int]:
    """The ``count`` tokens that follow, each the most likely; no token ends the answer."""
    import torch
    from transformers import GenerationConfig

    how = GenerationConfig(max_new_tokens=count, do_sample=False, eos_token_id=None, pad_token_id=0)
    model.generation_config = how  # the checkpoint's own would end the answer
    read = torch.tensor([list(tokens)])
    # The mask that is made when none is given leaves out whatever looks like padding.
    said = model.generate(read, attention_mask=torch.ones_like(read), **(seen or {}), generation_config=how)
    return [int(token) for token in said[0, len(tokens) :]]
