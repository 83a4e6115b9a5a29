"""Draw the committed answers of the reference anew: ``python -m tests.models.qwen_vl.make_reference``.

It wants torch, transformers and peft beside Browline; transformers 5.23 was used.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench import reference, tiny_qwen

FOLDER = Path(__file__).with_name("reference")
DRAWN = [(family, seed) for family in tiny_qwen.FAMILIES for seed in (1, 2, 3)]
TUNED = [("qwen2", 2), ("qwen3", 3)]
LENGTHS = {1: 1, 2: 37, 3: 300}  # one token; an odd number; more than two chunks


def prompt(family: str, seed: int) -> list[int]:
    """The tokens number ``seed``: bytes and, now and then, a special token."""
    rng = np.random.default_rng([77, len(family), seed])
    return [int(token) for token in rng.integers(0, 259, LENGTHS[seed])]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for family, seed in DRAWN:
        with tempfile.TemporaryDirectory() as place:
            model = reference.load(tiny_qwen.draw(family, seed, Path(place, "tiny")))
        keep(f"{family}-{seed}", model, prompt(family, seed))
    for family, seed in TUNED:
        with tempfile.TemporaryDirectory() as place:
            base = tiny_qwen.draw(family, seed, Path(place, "tiny"))
            model = reference.load(base, tiny_qwen.draw_adapter(base, seed, Path(place, "tuned")))
        keep(f"{family}-{seed}-lora", model, prompt(family, seed))


def keep(name: str, model: Any, tokens: list[int]) -> None:
    np.savez_compressed(
        FOLDER / f"{name}.npz",
        logits=reference.logits(model, tokens)[-1],
        greedy=np.array(reference.greedy(model, tokens)),
    )


if __name__ == "__main__":
    main()
