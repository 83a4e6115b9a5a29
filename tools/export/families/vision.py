"""What the picture encoders' configurations have in common, and the preprocessing that belongs to them."""

from __future__ import annotations

from typing import Any

from models.qwen_vl.shape import Activation, ClipShape, TextShape
from tools.export.errors import FamilyError
from tools.export.families.config import integer, rope

Config = dict[str, Any]

# github.com/openai/CLIP, clip/clip.py
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


def text_config(config: Config) -> Config:
    """The decoder's part: nested in newer files, at the top in older ones."""
    nested = config.get("text_config")
    text: Config = {**config, **nested} if isinstance(nested, dict) else config
    tied = config.get("tie_word_embeddings", text.get("tie_word_embeddings", False))
    return {**text, "tie_word_embeddings": tied}


def vision_config(config: Config) -> Config:
    """The encoder's part. Raises FamilyError."""
    found = config.get("vision_config")
    if not isinstance(found, dict):
        raise FamilyError("config.json has no vision_config: is it the whole model's?")
    return found


def sections(config: Config, head: int) -> tuple[int, ...]:
    """How many frequencies turn with time, row and column. Raises FamilyError."""
    found = rope(config)[1].get("mrope_section")
    numbers = found if isinstance(found, list) and all(type(n) is int and n >= 0 for n in found) else []
    if len(numbers) != 3 or sum(numbers) != head // 2:
        raise FamilyError(
            f"config.json: mrope_section is {found!r}; three numbers that make {head // 2} are needed"
        )
    return tuple(numbers)


def common(config: Config, preprocessor: Config, text: TextShape, default: Config) -> Config:
    """What every encoder's shape has. Raises FamilyError."""
    vision = {**default, **vision_config(config)}
    token = integer(config, "image_token_id")
    if vision.get("in_channels", vision.get("in_chans", 3)) != 3:
        raise FamilyError("config.json: vision_config in_channels must be 3")
    if token >= text.vocab:
        raise FamilyError(f"config.json: image_token_id {token} is outside of the vocabulary")
    return {
        "depth": integer(vision, "depth"),
        "heads": integer(vision, "num_heads"),
        "patch": integer(vision, "patch_size"),
        "merge": integer(vision, "spatial_merge_size"),
        "frames": integer(vision, "temporal_patch_size"),
        "out": text.width,
        "pixels": _pixels(preprocessor, default["pixels"]),
        "mean": _three(preprocessor, "image_mean", default["mean"]),
        "std": _three(preprocessor, "image_std", default["std"]),
        "token": token,
    }


def clips(config: Config, sizes: Config, text: TextShape, default: tuple[int, int]) -> ClipShape | None:
    """How clips are read, ``sizes`` as in ``video_preprocessor_config.json``; None for a model without clips.

    Raises FamilyError.
    """
    if config.get("video_token_id") is None:
        return None
    token = integer(config, "video_token_id")
    if token >= text.vocab:
        raise FamilyError(f"config.json: video_token_id {token} is outside of the vocabulary")
    return ClipShape(token=token, pixels=_pixels(sizes, default))


def width(config: Config, key: str, heads: int) -> int:
    """The encoder's width. Raises FamilyError unless every head gets a part that can be turned."""
    found = integer(vision_config(config), key)
    if found % (4 * heads):
        raise FamilyError(f"config.json: vision_config {key} {found} is no multiple of 4 × {heads} heads")
    return found


def activation(config: Config, known: dict[str, Activation], default: str) -> Activation:
    """Our name of the encoder's activation. Raises FamilyError."""
    found = vision_config(config).get("hidden_act", default)
    if not isinstance(found, str) or found not in known:
        raise FamilyError(
            f"config.json: vision_config hidden_act {found!r} is not built; it can be {', '.join(known)}"
        )
    return known[found]


def _pixels(preprocessor: Config, default: tuple[int, int]) -> tuple[int, int]:
    size = preprocessor.get("size")
    size = size if isinstance(size, dict) else {}
    least = preprocessor.get("min_pixels") or size.get("shortest_edge") or default[0]
    most = preprocessor.get("max_pixels") or size.get("longest_edge") or default[1]
    if type(least) is not int or type(most) is not int or not 0 < least <= most:
        raise FamilyError(f"preprocessor_config.json: from {least!r} to {most!r} pixels makes no sense")
    return least, most


def _three(preprocessor: Config, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
    found = preprocessor.get(key) or list(default)
    numbers = isinstance(found, list) and all(
        type(value) in (int, float) and abs(value) < 1e6 for value in found
    )
    if not numbers or len(found) != 3 or (key == "image_std" and min(found) <= 0):
        raise FamilyError(f"preprocessor_config.json: {key} is {found!r}; it must be three numbers")
    return tuple(map(float, found))
