"""The reference: transformers on torch in float32, which Browline does not bring along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREEDY = 64


def load(folder: Path, adapter: Path | None = None) -> Any:
    """The checkpoint's model in float32, with a LoRA adapter by PEFT, ready to answer. Raises ImportError."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(2)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    return model.eval()


def logits(model: Any, tokens: list[int]) -> NDArray[np.float32]:
    """float32[n, vocab] after each of ``tokens``."""
    import torch

    with torch.no_grad():
        out: NDArray[np.float32] = model(torch.tensor([tokens])).logits[0].numpy()
    return out


def greedy(model: Any, tokens: list[int], count: int = GREEDY) -> list[int]:
    """The ``count`` tokens that follow, each the most likely; no token ends the answer."""
    import torch

    said = list(tokens)
    with torch.no_grad():
        state = model(torch.tensor([said]), use_cache=True)
        for _ in range(count):
            said.append(int(state.logits[0, -1].argmax()))
            state = model(torch.tensor([said[-1:]]), past_key_values=state.past_key_values, use_cache=True)
    return said[len(tokens) :]
