"""Reading ``config.json``: typed values with a clear error, and the options that no family here has."""

from __future__ import annotations

import sys
from typing import Any

from tools.export.errors import FamilyError

LARGEST = 1 << 20


def integer(config: dict[str, Any], key: str, default: int | None = None) -> int:
    """A positive size. Raises FamilyError."""
    value = config.get(key, default)
    if value is None and default is not None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST:
        raise FamilyError(f"config.json: {key} is {value!r}; it must be a whole number from 1 to {LARGEST}")
    return value


def number(config: dict[str, Any], key: str, default: float | None = None) -> float:
    """A positive number. Raises FamilyError."""
    value = config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < sys.float_info.max:
        raise FamilyError(f"config.json: {key} is {value!r}; it must be a positive number")
    return float(value)


def rope(config: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Theta and the rest of the rotary options, from either generation of ``config.json``.

    Raises FamilyError for a scaling that changes the angles.
    """
    options = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(options, dict):
        raise FamilyError(f"config.json: rope_scaling is {options!r}; it must be a table or null")
    kind = options.get("rope_type", options.get("type", "default"))
    if kind not in ("default", "mrope"):
        raise FamilyError(
            f"config.json: rope scaling {kind!r} is not built; set rope_scaling to null "
            "(the model then keeps its original context length)"
        )
    return number({**config, **options}, "rope_theta"), options


def refuse_options(config: dict[str, Any]) -> None:
    """Raise FamilyError for an option that would change the graph and is not built."""
    if (activation := config.get("hidden_act", "silu")) != "silu":
        raise FamilyError(f"config.json: hidden_act {activation!r} is not built; Qwen uses silu")
    if config.get("use_sliding_window"):
        raise FamilyError("config.json: use_sliding_window is not built; set it to false")
    if config.get("quantization_config"):
        raise FamilyError(
            "config.json: the checkpoint is quantised already (quantization_config); take the BF16 one"
        )


def head_size(config: dict[str, Any]) -> int:
    """Explicit, or the width over the heads. Raises FamilyError."""
    width, heads = integer(config, "hidden_size"), integer(config, "num_attention_heads")
    size = integer(config, "head_dim", max(1, width // heads))
    if heads % integer(config, "num_key_value_heads", heads):
        raise FamilyError("config.json: num_attention_heads must be a multiple of num_key_value_heads")
    if size % 16:
        raise FamilyError(
            f"config.json: head_dim {size} is no multiple of 16, which the runtime's attention needs"
        )
    return size
