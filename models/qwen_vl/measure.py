"""How fast a loaded model is on the machine at hand, a step at a time, so that others can go between."""

from __future__ import annotations

from collections.abc import Callable, Generator
from statistics import median

import msgspec

from models.qwen_vl.engine import Engine
from models.qwen_vl.generate import Job, Reading, Steps, Word, generate
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from models.qwen_vl.sampling import Sampler, Sampling

PROMPT, DECODED = 256, 32  # tokens
WARM = 16

NowNs = Callable[[], int]


class Speed(msgspec.Struct, frozen=True):
    """Seconds that a prompt of ``prompt`` tokens and, behind it, one token took; the longest step of each kind."""

    prompt: int
    prompt_s: float
    token_s: float
    longest_read_s: float
    longest_token_s: float


def measure(
    engine: Engine, now_ns: NowNs, prompt: int = PROMPT, decoded: int = DECODED
) -> Generator[Reading | Word, None, Speed]:
    """Read a prompt and go on from it; only the steps themselves are timed, not what happens between them.

    Nothing of it is kept. Raises BackendError, ManifestError; PromptError for a model of too short a context.
    """
    yield from _loop(engine, WARM, 2)  # pages come in, kernels settle
    reads: list[float] = []
    tokens: list[float] = []
    loop = _loop(engine, prompt, decoded)
    while True:
        start = now_ns()
        try:
            step = next(loop)
        except StopIteration:
            break
        took = (now_ns() - start) / 1e9
        (reads if isinstance(step, Reading) else tokens).append(took)
        yield step
    behind = tokens[1:]  # the first comes out of the prompt's own logits
    return Speed(prompt, sum(reads), median(behind), max(reads), max(behind))


def _loop(engine: Engine, prompt: int, decoded: int) -> Steps:
    """An answer that does not stop early."""
    about = engine.folder.about
    items = [i * 7919 % about.text.vocab for i in range(prompt)]  # one as good as another
    job = Job(text_prompt(items), Sampler(Sampling()), decoded, speculate=False)
    cache = KvCache(about.text, about.kv, prompt + decoded + 1)
    return generate(msgspec.structs.replace(engine.machine, stops=frozenset()), cache, job)
