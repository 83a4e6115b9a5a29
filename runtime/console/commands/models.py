"""Models: what there is, fetch it, build it, open it, measure it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from models.manifest import Manifest
from models.processor import processor
from models.speech.choice import SPEECH_SETTING
from runtime.console.command import Answer, Call, Command, choose
from runtime.console.commands.adapter import keep_choice
from runtime.console.errors import AbsentError
from runtime.console.glasses import Glasses
from runtime.console.table import table
from runtime.core.topics import HEALTH
from runtime.features.captions import wishes

if TYPE_CHECKING:
    from models.qwen_vl.measure import Speed

QUANTS = ("int8", "int4", "weights8", "none")


async def models(call: Call) -> Answer:
    """Act on one, or list them."""
    if not call.words:
        return await _list(call)
    return await FORMS[choose(call.words[0], FORMS, "form")](call)


async def _list(call: Call) -> Answer:
    """Every model: whether its files are here, whether it is loaded."""
    call.most(1)
    store, shelf = call.glasses.models, call.glasses.runner.shelf
    missing = await call.glasses.clock.call("console file", store.missing)
    loaded = {entry.name: entry.memory_mb for entry in shelf.loaded()}
    data = [_row(manifest, missing, loaded) for manifest in store.manifests.values()]
    rows = [(r["name"], r["state"], f"{r['mb']:.1f} MB", r["licence"], r["task"]) for r in data]
    language = call.glasses.language
    for name in language.names():
        state = "loaded" if name in loaded else "here"
        answers, adapter = name == language.name, language.adapter if name == language.name else ""
        chosen = ("language, answers" if answers else "language") + (f" with {adapter}" if adapter else "")
        rows.append((name, state, "", "yours", chosen))
        told = {"name": name, "state": state, "task": "language", "answers": answers, "adapter": adapter}
        data.append(told)
    speech = call.glasses.speech
    for name in speech.names():
        state = "loaded" if name in loaded else "here"
        listens = name == speech.name
        rows.append((name, state, "", "yours", "speech, listens" if listens else "speech"))
        data.append({"name": name, "state": state, "task": "speech", "listens": listens})
    lines = [table(rows, ("model", "state", "size", "licence", "")), f"{sum(loaded.values())} MB in use"]
    lines += [f"{name}: {measured}" for name in language.names() if (measured := language.kernels(name))]
    for w in call.glasses.runner.status():
        now = f"works on {w.busy}" if w.busy else "waits"
        last = f", last {w.last} {w.last_ms:.0f} ms" if w.last else ""
        lines.append(f"{w.worker}: {now}, {w.queued} queued, {w.done} done{last}")
    return Answer("\n".join(lines), data)


def _row(manifest: Manifest, missing: Sequence[str], loaded: dict[str, int]) -> dict[str, Any]:
    state = "missing" if manifest.name in missing else "loaded" if manifest.name in loaded else "here"
    return {
        "name": manifest.name,
        "state": state,
        "mb": manifest.bytes / 1e6,
        "licence": manifest.licence,
        "task": manifest.task,
    }


async def _pull(call: Call) -> Answer:
    name = _name(call, call.glasses.models.manifests, "model")
    call.show(Answer(f"fetching {name}"))
    await call.glasses.clock.call("fetch", call.glasses.models.ensure, name)
    return Answer(f"{name} is here: `restart models` loads it")


async def _build(call: Call) -> Answer:
    """Make a model of a checkpoint, in a process of its own, by the tools that these glasses came with."""
    call.most(3)
    what = call.word(1, "the checkpoint, a folder or a name of the hub,")
    quant = choose(call.words[2], QUANTS, "quantisation") if len(call.words) > 2 else QUANTS[0]
    glasses = call.glasses
    if glasses.builder is None:
        raise AbsentError(
            "these glasses have no tools to build with: on another computer run "
            f"`browline models build {what} --quant {quant} --board {glasses.board.name} --out NAME`, "
            f"and copy the folder NAME into {glasses.language.folder}"
        )
    call.show(Answer(f"building {what} as {quant}; Ctrl-C ends it"))
    words = [what, "--quant", quant, "--board", glasses.board.name]
    before = set(_built(glasses))
    await glasses.builder(words, lambda line: call.show(Answer(line)))
    made = sorted(set(_built(glasses)) - before)
    return Answer(f"{made[0]} is built: `models load {made[0]}`" if made else "it is built", made)


async def _load(call: Call) -> Answer:
    """Let a built model answer, or listen, from now on and after a restart, and open it."""
    glasses = call.glasses
    name = _name(call, _built(glasses), "built model")
    if name in glasses.speech.names():
        return await _listen(glasses, name)
    glasses.language.choose(name)
    await keep_choice(glasses)
    call.show(Answer(f"loading {name}"))
    memory = await glasses.language.load()
    return Answer(f"{name} answers; {memory} MB in use")


async def _listen(glasses: Glasses, name: str) -> Answer:
    """Captions that are on begin anew with the other model; else it is opened when they are turned on."""
    before = glasses.speech.name
    glasses.speech.choose(name)
    await glasses.clock.call("store", glasses.store.set, SPEECH_SETTING, name)
    if before != name and await _captioned(glasses):
        glasses.supervisor.restart(wishes.KEY)
        return Answer(f"{name} listens: captions begin anew")
    return Answer(f"{name} listens")


async def _captioned(glasses: Glasses) -> bool:
    return (await glasses.clock.call("store", wishes.read, glasses.store)).on


async def _unload(call: Call) -> Answer:
    """Free a built model's memory; it is loaded again when it is needed."""
    glasses = call.glasses
    name = _name(call, _built(glasses), "built model")
    if name not in {entry.name for entry in glasses.runner.shelf.loaded()}:
        return Answer(f"{name} is not loaded")
    if await glasses.clock.call("models", glasses.runner.shelf.drop, name):
        return Answer(f"{name} is unloaded")
    if name == glasses.speech.name and await _captioned(glasses):
        return Answer(f"{name} listens: `captions off` first")
    return Answer(f"{name} is at work: try again when it is done")


async def _bench(call: Call) -> Answer:
    """Measure a built language model here and now, in the gaps that captions and snaps leave."""
    call.most(2)
    glasses, language = call.glasses, call.glasses.language
    name = choose(call.words[1], language.names(), "built model") if len(call.words) > 1 else language.name
    call.show(Answer(f"measuring {name}; Ctrl-C ends it" if name else ""))
    data = _measured(glasses, name, await language.measure(glasses.clock.now_ns, name))
    prompt = data["prompt_tokens"]
    rows = [
        (f"reads a prompt of {prompt}", f"{_said(data['prompt_tokens_per_s'])} tokens/s"),
        (f"answers, {prompt} tokens behind it", f"{_said(data['answer_tokens_per_s'])} tokens/s"),
        ("longest step of an answer", f"{_said(data['longest_step_ms'])} ms"),
        ("memory", f"{_said(data['counted_mb'])} MB of {_said(data['process_mb'])} MB"),
    ]
    head = f"{name} on {data['processor']}, {data['threads']} threads"
    return Answer(f"{head}\n{table(rows)}", data)


def _measured(glasses: Glasses, name: str, speed: Speed) -> dict[str, Any]:
    health = glasses.bus.latest(HEALTH)
    return {
        "model": name,
        "processor": processor(),
        "threads": glasses.board.compute.threads,
        "prompt_tokens": speed.prompt,
        "prompt_tokens_per_s": _rate(speed.prompt, speed.prompt_s),
        "answer_tokens_per_s": _rate(1, speed.token_s),
        "longest_step_ms": round(1000 * speed.longest_token_s, 1),
        "counted_mb": {entry.name: entry.memory_mb for entry in glasses.runner.shelf.loaded()}.get(name),
        "process_mb": round(health.rss_bytes / 2**20) if health else None,
    }


def _rate(count: int, seconds: float) -> float | None:
    """A second; None where no time passes (virtual time)."""
    return round(count / seconds, 1) if seconds > 0 else None


def _said(value: object) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _built(glasses: Glasses) -> list[str]:
    """Names of the built models, those that answer and those that listen."""
    return [*glasses.language.names(), *glasses.speech.names()]


def _name(call: Call, known: Iterable[str], what: str) -> str:
    call.most(2)
    return choose(call.word(1, "the model's name"), known, what)


FORMS = {
    "list": _list,
    "pull": _pull,
    "build": _build,
    "load": _load,
    "unload": _unload,
    "bench": _bench,
}


def _words(glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    if not before:
        return FORMS
    if before[0] == "build":
        return QUANTS if len(before) == 2 else ()
    if len(before) > 1:
        return ()
    built = _built(glasses)
    known = {"pull": list(glasses.models.manifests), "load": built, "unload": built}
    return known.get(before[0], glasses.language.names() if before[0] == "bench" else ())


COMMANDS = (
    Command(
        "models",
        models,
        "what can be loaded, what is; fetch, build, load, measure",
        "[list]\npull | load | unload NAME\nbench [NAME]\nbuild NAME|FOLDER [int8 | int4 | weights8 | none]",
        _words,
    ),
)
