"""What the language model does: answer, translate, draft."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from runtime.console.command import Answer, Call, Command, Run
from runtime.console.commands.wearer import SNAP
from runtime.console.errors import SlowError, UsageError
from runtime.core.messages import Card, CardDown
from runtime.core.topics import CARD
from runtime.features.speaking import SPEAKERS

LONGEST_S = 120.0


def asking(action: str) -> Run:
    """The command that asks the feature ``action`` and waits for its card."""

    async def run(call: Call) -> Answer:
        if not call.words:
            raise UsageError("the words are missing")
        glasses = call.glasses
        with glasses.bus.subscribe(CARD) as cards:
            glasses.request(action, " ".join(call.words))
            try:
                async with asyncio.timeout(LONGEST_S):
                    card = await _finished(cards, action)
            except TimeoutError:
                raise SlowError(f"no answer within {LONGEST_S:g} s: see `status` and `models`") from None
            except asyncio.CancelledError:  # Ctrl-C ends the answer too
                glasses.runner.cancel(action)
                raise
        said = next((line.text for line in card.lines if line.style == "model"), "")
        notes = [line.text for line in card.lines if line.style not in ("model", "small")]
        return Answer("\n".join([*filter(None, [said]), *notes]), msgspec.to_builtins(card))

    return run


async def _finished(cards: Any, key: str) -> Card:
    while True:
        card: Card | CardDown = await cards.get()
        if not isinstance(card, Card):
            continue
        if card.key == key and card.ttl_s is not None:
            return card  # one that stands without an end is still being made
        if card.key != key and card.key in (SNAP, *SPEAKERS):
            raise SlowError("given up: the wearer did something else meanwhile")


COMMANDS = (
    Command("ask", asking("ask"), "about what is in view; then further, while the answer is", "QUESTION"),
    Command("translate", asking("translate"), "into English, and from English into Chinese", "TEXT"),
    Command("draft", asking("draft"), "a message; it is not sent", "WHAT TO SAY"),
)
