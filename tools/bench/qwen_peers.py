"""What people run Qwen with today, timed as we are: llama.cpp and onnxruntime-genai, where they are installed.

Browline does not bring them along: install ``llama-cpp-python`` (built on the machine at hand, with
``CXXFLAGS="-fno-tree-dse -fno-dse"`` under GCC 12, whose code crashes on AMX) and ``onnxruntime-genai`` with
``onnx_ir``, ``torch`` and ``transformers``, which its builder needs.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from gguf import GGMLQuantizationType as Kind

from tools.bench import gguf_twin

THREADS = 2
CONTEXT = 1280
Q8_CACHE, F16_CACHE = 8, 1  # ggml_type


class Timing(msgspec.Struct, frozen=True):
    """Seconds for reading the prompt, and for each token decoded after it."""

    prefill: float
    token: float


class Runner(msgspec.Struct, frozen=True):
    """Something that reads ``tokens`` and then decodes ``count`` more."""

    name: str
    once: Callable[[Sequence[int], int], Timing]


def llama(checkpoint: Path, kind: Kind, cache: int) -> Runner | None:
    """llama.cpp over a twin of ``checkpoint``; None where it is not installed."""
    if find_spec("llama_cpp") is None:
        return None
    from llama_cpp import Llama

    twin = checkpoint / f"{kind.name}.gguf"
    if not twin.exists():
        half = twin.with_suffix(".half")
        gguf_twin.write(checkpoint, half, kind, merges=[["a b"]])
        half.rename(twin)
    model = Llama(
        str(twin),
        n_ctx=CONTEXT,
        n_threads=THREADS,
        n_threads_batch=THREADS,
        flash_attn=True,
        type_k=cache,
        type_v=cache,
        verbose=False,
    )

    def once(tokens: Sequence[int], count: int) -> Timing:
        model.reset()
        return timed(lambda: model.eval(tokens), lambda: model.eval([5]), count)

    return Runner(f"llama.cpp {kind.name}, {'q8' if cache == Q8_CACHE else 'f16'} KV", once)


def genai(checkpoint: Path, precision: str, block: int) -> Runner | None:
    """onnxruntime-genai over ``checkpoint`` as its own builder makes it; None where it is not installed."""
    if find_spec("onnxruntime_genai") is None or find_spec("onnx_ir") is None:
        return None
    import onnxruntime_genai as og

    folder = checkpoint.with_name(f"{checkpoint.name}-genai-{precision}")
    if not (folder / "genai_config.json").exists():
        command = [
            sys.executable,
            "-m",
            "onnxruntime_genai.models.builder",
            "-i",
            str(checkpoint),
            "-o",
            str(folder),
        ]
        command += ["-p", precision, "-e", "cpu", "-c", str(folder), "--extra_options"]
        subprocess.run([*command, "accuracy_level=4", f"block_size={block}"], check=True, capture_output=True)
    settings = og.Config(str(folder))
    settings.overlay(f'{{"model":{{"decoder":{{"session_options":{{"intra_op_num_threads":{THREADS}}}}}}}}}')
    model = og.Model(settings)

    def once(tokens: Sequence[int], count: int) -> Timing:
        options = og.GeneratorParams(model)
        options.set_search_options(max_length=CONTEXT, min_length=CONTEXT)
        made: Any = og.Generator(model, options)
        # The first token's choice is part of reading the prompt; the logits of the rest come with the next call.
        return timed(lambda: made.append_tokens(list(tokens)), made.generate_next_token, count)

    return Runner(f"genai {precision}", once)


def timed(read: Callable[[], object], step: Callable[[], object], count: int) -> Timing:
    """Time ``read`` once and ``step`` ``count`` times."""
    start = time.perf_counter()
    read()
    between = time.perf_counter()
    for _ in range(count):
        step()
    return Timing(between - start, (time.perf_counter() - between) / count)
