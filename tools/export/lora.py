"""A LoRA adapter as PEFT saves it, merged into its base while that is read: W + scale · B · A.

Format: huggingface.co/docs/peft, "Checkpoint format"; the scale is ``lora_alpha / r``, or over √r with ``use_rslora``
(arXiv 2106.09685 §4.1, 2312.03732).
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.export.checkpoint import Checkpoint, Reader, canonical
from tools.export.errors import CheckpointError
from tools.export.safetensors_folder import SafetensorsReader, read_json

WEIGHTS = "adapter_model.safetensors"
_PART = re.compile(r"base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight")


def with_adapter(base: Checkpoint, folder: Path) -> Checkpoint:
    """``base`` as the adapter changes it. Raises CheckpointError."""
    config = read_json(folder, "adapter_config.json")
    _refuse(folder, config)
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(f"{folder} has no {WEIGHTS}: save the adapter with save_pretrained")
    reader = _Merged(base, _Adapter(folder, config))
    made = {
        **base.config,
        "_name": f"{base.config.get('_name') or base.where.resolve().name} + {folder.resolve().name}",
    }
    return Checkpoint(base.where, made, reader, base.files)


def _refuse(folder: Path, config: dict[str, Any]) -> None:
    if (kind := config.get("peft_type")) != "LORA":
        raise CheckpointError(f"{folder}: peft_type is {kind!r}; LORA is merged")
    for key in ("use_dora", "fan_in_fan_out", "modules_to_save", "trainable_token_indices", "lora_bias"):
        if config.get(key):
            raise CheckpointError(
                f"{folder}: {key} is not merged; merge it with PEFT's merge_and_unload and build that"
            )
    if config.get("bias", "none") != "none":
        raise CheckpointError(f"{folder}: bias is {config['bias']!r}; merge it with PEFT's merge_and_unload")


class _Adapter:
    """The two factors of each changed tensor, by its canonical name."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self._folder = folder
        self._config = config
        self._reader = SafetensorsReader([folder / WEIGHTS])
        self._raw: dict[str, dict[str, str]] = {}
        for name in self._reader.shapes():
            match = _PART.fullmatch(name)
            if match is None:
                raise CheckpointError(
                    f"{folder}: tensor {name} is no LoRA factor of a linear layer; it can't be merged"
                )
            self._raw.setdefault(match[1], {})[match[2]] = name
        self.changed = {canonical(f"{module}.weight"): module for module in self._raw}

    def check(self, base: Checkpoint) -> None:
        """Raise CheckpointError unless every factor belongs to a tensor of ``base``."""
        shapes = self._reader.shapes()
        for name, module in self.changed.items():
            parts = self._raw[module]
            if set(parts) != {"A", "B"}:
                raise CheckpointError(
                    f"{self._folder}: {module} has only one of lora_A and lora_B: save it again"
                )
            down, up = shapes[parts["A"]], shapes[parts["B"]]
            wanted = base.shape(name) if name in base else None
            if len(down) != 2 or len(up) != 2 or down[0] != up[1] or wanted != (up[0], down[1]):
                raise CheckpointError(
                    f"{self._folder}: {module} changes a tensor of {[up[0], down[-1]]}, {base.where.name} has "
                    f"{list(wanted) if wanted else 'none'}: the adapter belongs to another base "
                    f"({self._config.get('base_model_name_or_path') or 'not named'})"
                )

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """What is added to these rows. Raises CheckpointError."""
        module = self.changed[name]
        shapes, parts = self._reader.shapes(), self._raw[module]
        down = self._reader.rows(parts["A"], 0, shapes[parts["A"]][0])
        up = self._reader.rows(parts["B"], start, stop)
        return np.asarray(up @ down, np.float32) * self._scale(module, len(down))

    def _scale(self, module: str, rank: int) -> np.float32:
        alpha = self._config.get("lora_alpha", 8)
        for pattern, value in (self._config.get("alpha_pattern") or {}).items():
            if re.match(rf"(.*\.)?({pattern})$", module):
                alpha = value
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not math.isfinite(alpha):
            raise CheckpointError(f"{self._folder}: lora_alpha is {alpha!r}; it must be a number")
        return np.float32(alpha / (math.sqrt(rank) if self._config.get("use_rslora") else rank))


class _Merged(Reader):
    def __init__(self, base: Checkpoint, adapter: _Adapter) -> None:
        adapter.check(base)
        self._base = base
        self._adapter = adapter

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: self._base.shape(name) for name in self._base.names()}

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        rows = self._base.rows(name, self._base.shape(name), start, stop)
        if name not in self._adapter.changed:
            return rows
        return rows + self._adapter.rows(name, start, stop)
