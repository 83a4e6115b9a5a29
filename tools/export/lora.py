"""A LoRA adapter as PEFT saves it: W + scale · B · A. ``with_adapter`` merges it into its base while that is read.

Format: huggingface.co/docs/peft, "Checkpoint format"; the scale is ``lora_alpha / r``, or over √r with ``use_rslora``
(arXiv 2106.09685 §4.1, 2312.03732).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
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
    reader = _Merged(base, Lora(folder))
    made = {
        **base.config,
        "_name": f"{base.config.get('_name') or base.where.resolve().name} + {folder.resolve().name}",
    }
    return Checkpoint(base.where, made, reader, base.files)


def _refuse(folder: Path, config: dict[str, Any]) -> None:
    if (kind := config.get("peft_type")) != "LORA":
        raise CheckpointError(f"{folder}: peft_type is {kind!r}; only LORA can be used")
    for key in ("use_dora", "fan_in_fan_out", "modules_to_save", "trainable_token_indices", "lora_bias"):
        if config.get(key):
            raise CheckpointError(
                f"{folder}: {key} can't be used; merge it with PEFT's merge_and_unload and build that"
            )
    if config.get("bias", "none") != "none":
        raise CheckpointError(f"{folder}: bias is {config['bias']!r}; merge it with PEFT's merge_and_unload")


class Lora:
    """An adapter's folder, opened: the two factors of each tensor it changes, by the tensor's canonical name."""

    def __init__(self, folder: Path) -> None:
        """Raises CheckpointError for what is no LoRA adapter, or more than one."""
        self._folder = folder
        self._config = read_json(folder, "adapter_config.json")
        _refuse(folder, self._config)
        if not (folder / WEIGHTS).is_file():
            raise CheckpointError(f"{folder} has no {WEIGHTS}: save the adapter with save_pretrained")
        self._reader = SafetensorsReader([folder / WEIGHTS])
        self._raw: dict[str, dict[str, str]] = {}
        for name in self._reader.shapes():
            match = _PART.fullmatch(name)
            if match is None:
                raise CheckpointError(
                    f"{folder}: tensor {name} is no LoRA factor of a linear layer; it can't be used"
                )
            self._raw.setdefault(match[1], {})[match[2]] = name
        self.changed = {canonical(f"{module}.weight"): module for module in self._raw}

    def check(self, base: Mapping[str, tuple[int, ...]], called: str) -> None:
        """Raise CheckpointError unless every factor belongs to a tensor of the model ``called`` so.

        ``base`` has the shapes of its tensors by their canonical names.
        """
        if not self.changed:
            raise CheckpointError(f"{self._folder}: {WEIGHTS} is empty: save the adapter again")
        shapes = self._reader.shapes()
        for name, module in self.changed.items():
            parts = self._raw[module]
            if set(parts) != {"A", "B"}:
                raise CheckpointError(
                    f"{self._folder}: {module} has only one of lora_A and lora_B: save it again"
                )
            down, up = shapes[parts["A"]], shapes[parts["B"]]
            wanted = base.get(name)
            if len(down) != 2 or len(up) != 2 or down[0] != up[1] or wanted != (up[0], down[1]):
                raise CheckpointError(
                    f"{self._folder}: {module} changes a tensor of {[up[0], down[-1]]}, {called} has "
                    f"{list(wanted) if wanted else 'none'}: the adapter belongs to another base "
                    f"({self._config.get('base_model_name_or_path') or 'not named'})"
                )

    def factors(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A float32[rank, K] and B float32[N, rank], the scale in B. Raises CheckpointError."""
        parts, shapes = self._raw[self.changed[name]], self._reader.shapes()
        down, up = (self._reader.rows(parts[key], 0, shapes[parts[key]][0]) for key in "AB")
        up = up * self._scale(self.changed[name], len(down))
        if not (np.isfinite(down).all() and np.isfinite(up).all()):
            raise CheckpointError(
                f"{self._folder}: {self.changed[name]} holds NaN or infinity: "
                "the training run or the copy is broken"
            )
        return down, up

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
    def __init__(self, base: Checkpoint, adapter: Lora) -> None:
        adapter.check({name: base.shape(name) for name in base.names()}, base.where.name)
        self._base = base
        self._adapter = adapter

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: self._base.shape(name) for name in self._base.names()}

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        rows = self._base.rows(name, self._base.shape(name), start, stop)
        if name not in self._adapter.changed:
            return rows
        return rows + self._adapter.rows(name, start, stop)
