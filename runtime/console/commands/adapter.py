"""Which of its adapters the language model answers with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.language import ADAPTER_SETTING, LANGUAGE_SETTING
from runtime.console.command import Answer, Call, Command, choose
from runtime.console.glasses import Glasses
from runtime.console.table import table
from runtime.core.messages import Card, Line
from runtime.core.topics import CARD

ADAPTER_TTL_S = 4.0
NONE = "none"  # the word for no adapter


async def adapter(call: Call) -> Answer:
    """The adapters of the model that answers; switch to one, or to none, from now on and after a restart."""
    language = call.glasses.language
    call.most(1)
    there = language.adapters()
    if not call.words:
        rows = [(name, "on" if name == language.adapter else "") for name in there]
        none = f"{language.name} has none: `browline models adapter` adds one"
        return Answer(table(rows) or none, {"adapters": there, "on": language.adapter})
    name = choose(call.words[0], [*there, NONE], "adapter")
    language.adapt("" if name == NONE else name)
    await keep_choice(call.glasses)
    said = f"{language.name} answers " + (f"with {language.adapter}" if language.adapter else "as it is")
    call.show(Answer(f"loading {name}"))
    await language.load()
    call.glasses.bus.publish(CARD, Card("adapter", (Line(said),), ttl_s=ADAPTER_TTL_S, priority=-1))
    return Answer(said, {"adapters": there, "on": language.adapter})


def _adapter_words(glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    if before or not glasses.language.name:
        return ()
    return (*glasses.language.adapters(), NONE)


async def keep_choice(glasses: Glasses) -> None:
    """Remember which model answers, and with which adapter, for the next start."""
    for key, name in ((LANGUAGE_SETTING, glasses.language.name), (ADAPTER_SETTING, glasses.language.adapter)):
        await glasses.clock.call("store", glasses.store.set, key, name)


COMMANDS = (
    Command(
        "adapter", adapter, "which adapter the language model answers with", "[NAME | none]", _adapter_words
    ),
)
