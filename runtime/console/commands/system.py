"""The machine behind the glasses: log, faults, version, reboot."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version as version_of
from typing import Any, get_args

import msgspec

from drivers.sim.faults import KINDS, Faults
from runtime.console.command import Answer, Call, Command, choose, present
from runtime.console.errors import UsageError
from runtime.console.glasses import Glasses
from runtime.console.table import table
from runtime.core.log import Level

FOLLOW_S = 0.2
LEVELS = get_args(Level)


async def log(call: Call) -> Answer:
    """The last entries; with ``follow`` those to come, until Ctrl-C."""
    ring, words = call.glasses.ring, call.words
    follow = "follow" in words
    words = [word for word in words if word != "follow"]
    level: Level = next((known for known in LEVELS if known in words), "info")
    rest = [word for word in words if word not in LEVELS]
    if len(rest) > 1:
        raise UsageError(f"{rest[1]!r} is one word too many")
    part = rest[0] if rest else ""
    entries = ring.entries(level, part, last=30)
    while follow:
        for entry in entries:
            call.show(Answer(entry.text(), msgspec.to_builtins(entry, enc_hook=str)))
        seen = entries[-1].seq if entries else 0
        while not (entries := ring.entries(level, part, after=seen)):
            await call.glasses.clock.sleep(FOLLOW_S)
    return Answer(
        "\n".join(entry.text() for entry in entries) or "nothing was logged",
        msgspec.to_builtins(entries, enc_hook=str),
    )


def _log_words(glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    parts = [part.name for part in glasses.supervisor.status()]
    return [word for word in (*LEVELS, *parts, "follow") if word not in before]


async def fault(call: Call) -> Answer:
    """Pull a cable of the simulated glasses, or put it back."""
    faults: Faults = present(call.glasses.world, "simulated parts to break").faults
    if not call.words:
        standing = {part: faults.active(part) for part in KINDS if faults.active(part)}
        rows = [
            (part, kind, f"{100 * p:g} %") for part, kinds in standing.items() for kind, p in kinds.items()
        ]
        return Answer(table(rows) or f"none stands; there are: {_all_kinds()}", standing)
    if call.words[0] == "clear":
        call.most(2)
        part = choose(call.words[1], KINDS, "part") if len(call.words) > 1 else None
        faults.clear(part)
        if part in (None, "disk"):
            await _limit_disk(call.glasses, None)
        return Answer(f"{part or 'everything'} is mended")
    call.most(3)
    part, kind = call.word(0, "the part"), call.word(1, "the kind of fault")
    faults.set(part, kind, _share(call.words[2]) if len(call.words) > 2 else 1.0)
    if part == "disk":
        await _limit_disk(call.glasses, kind)
    return Answer(f"{part} {kind}: `fault clear` ends it")


async def _limit_disk(glasses: Glasses, kind: Any) -> None:
    for keeper in (glasses.store, glasses.transcripts):
        await glasses.clock.call("store", keeper.limit_disk, kind)


def _share(text: str) -> float:
    try:
        return float(text.removesuffix("%")) / 100
    except ValueError:
        raise UsageError(f"{text!r} is no share; write 30%") from None


def _all_kinds() -> str:
    return "; ".join(f"{part}: {', '.join(kinds)}" for part, kinds in KINDS.items())


def _fault_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    if not before:
        return (*KINDS, "clear")
    if len(before) == 1:
        return KINDS if before[0] == "clear" else KINDS.get(before[0], ())
    return ()


async def version(call: Call) -> Answer:
    """What runs here."""
    call.most(0)
    names = ("browline", "onnxruntime", "numpy", "opencv-python-headless")
    data = {name: version_of(name) for name in names} | {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "kernel": platform.release(),
    }
    return Answer(table(data.items()), data)


async def reboot(call: Call) -> Answer:
    """End the runtime in order and start it again."""
    call.most(0)
    call.glasses.reboot()
    return Answer("starting again")


COMMANDS = (
    Command("log", log, "what happened", "[LEVEL] [PART] [follow]", _log_words),
    Command(
        "fault",
        fault,
        "pull a cable of the simulated glasses",
        "[PART KIND [SHARE%] | clear [PART]]\n" + _all_kinds(),
        _fault_words,
    ),
    Command("version", version, "what runs here"),
    Command("reboot", reboot, "end the runtime in order and start it again"),
)
