"""The reference: transformers on torch in float32, which Browline does not bring along."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.clips import Clip

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


def sight(
    folder: Path, tokens: Sequence[int], pictures: Sequence[NDArray[np.uint8]], clips: Sequence[Clip] = ()
) -> dict[str, Any]:
    """What the model of ``folder`` gets beside ``tokens``, in which every feature has its place."""
    if not pictures and not clips:
        return {}
    import torch

    config = json.loads((folder / "config.json").read_text())
    read = torch.tensor([list(tokens)])
    kinds = (read == config["image_token_id"]).int() + 2 * (read == config.get("video_token_id", -1)).int()
    seen: dict[str, Any] = {"mm_token_type_ids": kinds}
    if pictures:
        seen |= _stills(folder, config, pictures)
    if clips:
        seen |= _footage(folder, config, clips)
    return seen


def _stills(folder: Path, config: dict[str, Any], pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
    from PIL import Image
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    options = json.loads((folder / "preprocessor_config.json").read_text())
    processor = Qwen2VLImageProcessorPil(patch_size=config["vision_config"]["patch_size"], **options)
    made = processor([Image.fromarray(picture) for picture in pictures], return_tensors="pt")
    return {"pixel_values": made["pixel_values"].float(), "image_grid_thw": made["image_grid_thw"]}


def _footage(folder: Path, config: dict[str, Any], clips: Sequence[Clip]) -> dict[str, Any]:
    """Clips through the published processors, which want torchvision."""
    import torch
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    options = json.loads((folder / "preprocessor_config.json").read_text())
    stamped = config["model_type"] == "qwen3_vl"
    kind = Qwen3VLVideoProcessor if stamped else Qwen2VLVideoProcessor
    how = {"do_sample_frames": False, "cap_pixels_per_frame": False}
    processor = kind(patch_size=config["vision_config"]["patch_size"], **how, **options)
    videos = [_frames(clip, config) for clip in clips]
    made = processor([torch.from_numpy(video) for video in videos], return_tensors="pt")
    seen = {name: made[name] for name in ("pixel_values_videos", "video_grid_thw")}
    if config["model_type"] == "qwen2_5_vl":
        depth = config["vision_config"]["temporal_patch_size"]
        seen["second_per_grid_ts"] = [depth / clip.fps for clip in clips]
    return seen


def _frames(clip: Clip, config: dict[str, Any]) -> NDArray[np.uint8]:
    """uint8[n, 3, h, w]; Qwen3-VL's processor refuses a single frame, so it gets it twice."""
    frames = clip.frames
    if config["model_type"] == "qwen3_vl" and len(frames) == 1:
        frames = np.repeat(frames, 2, axis=0)
    return np.ascontiguousarray(frames.transpose(0, 3, 1, 2))


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
