"""Draw the committed answers of the reference anew: ``python -m tests.models.qwen_vl.make_reference [FAMILY…]``.

It wants torch, transformers and peft beside Browline, and torchvision for clips; transformers 5.23 was used, for
clips and Qwen3.5 5.24.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.engine import Engine, open_engine
from models.qwen_vl.prompt import Prompt
from tools.bench import reference, tiny_clips, tiny_qwen, tiny_vision
from tools.export.build import build

FOLDER = Path(__file__).with_name("reference")
DRAWN = [(family, seed) for family in tiny_qwen.FAMILIES for seed in (1, 2, 3)]
FILMED = [(family, seed) for family in ("qwen2_vl", "qwen2_5_vl", "qwen3_vl") for seed in (1, 2, 3)]
TUNED = [("qwen2", 2), ("qwen3", 3)]
TUNED_EYES = [("qwen3_vl", 2)]
LENGTHS = {1: 1, 2: 37, 3: 300}  # one token; an odd number; more than two chunks


PICTURES = {1: 0, 2: 3, 3: 1}  # none; two that are not square and one of one feature; that one in a long text


def tokens(family: str, seed: int) -> list[int]:
    """The tokens number ``seed``: bytes and, now and then, a special token."""
    rng = np.random.default_rng([77, len(family), seed])
    return [int(token) for token in rng.integers(0, 259, LENGTHS[seed])]


def question(engine: Engine, family: str, seed: int) -> tuple[Prompt, list[NDArray[np.uint8]]]:
    """The same as a prompt, with pictures where the family can see, and the pictures."""
    count = PICTURES[seed] if engine.folder.about.vision else 0
    return tiny_vision.question(engine, tokens(family, seed), count, np.random.default_rng([78, seed]))


def filmed(engine: Engine, family: str, seed: int) -> tiny_clips.Filmed:
    """The tokens with clips among them."""
    return tiny_clips.question(engine, tokens(family, seed) * (2 if seed == 1 else 1), seed)


def main(families: Sequence[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    draw_stills(families)
    draw_clips(families)


def draw_clips(families: Sequence[str]) -> None:
    for family, seed in (film for film in FILMED if film[0] in families):
        with tempfile.TemporaryDirectory() as place:
            folder = tiny_qwen.draw(family, seed, Path(place, "tiny"))
            build(folder, Path(place, "built"), "none")
            engine = open_engine(Path(place, "built"))
            film = filmed(engine, family, seed)
            seen = reference.sight(folder, film.plain, film.pictures, film.clips)
            keep(f"{family}-{seed}-clip", reference.load(folder), film.plain, seen)
            engine.close()


def draw_stills(families: Sequence[str]) -> None:
    for family, seed in (drawn for drawn in DRAWN if drawn[0] in families):
        with tempfile.TemporaryDirectory() as place:
            folder = tiny_qwen.draw(family, seed, Path(place, "tiny"))
            build(folder, Path(place, "built"), "none")
            engine = open_engine(Path(place, "built"))
            prompt, pictures = question(engine, family, seed)
            plain = tiny_vision.plain(engine, prompt)
            keep(f"{family}-{seed}", reference.load(folder), plain, reference.sight(folder, plain, pictures))
            engine.close()
    for family, seed in (tuned for tuned in (*TUNED, *TUNED_EYES) if tuned[0] in families):
        with tempfile.TemporaryDirectory() as place:
            base = tiny_qwen.draw(family, seed, Path(place, "tiny"))
            build(base, Path(place, "built"), "none")
            engine = open_engine(Path(place, "built"))
            prompt, pictures = question(engine, family, seed)
            plain = tiny_vision.plain(engine, prompt)
            model = reference.load(base, tiny_qwen.draw_adapter(base, seed, Path(place, "tuned")))
            keep(f"{family}-{seed}-lora", model, plain, reference.sight(base, plain, pictures))
            engine.close()


def keep(name: str, model: Any, plain: list[int], seen: dict[str, Any]) -> None:
    np.savez_compressed(
        FOLDER / f"{name}.npz",
        logits=reference.logits(model, plain, seen)[-1],
        greedy=np.array(reference.greedy(model, plain, seen)),
    )


if __name__ == "__main__":
    main(sys.argv[1:] or tiny_qwen.FAMILIES)
