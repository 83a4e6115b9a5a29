"""What a wearer does and sees: the shutter, the keys, the head, the HUD, the settings."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.sim.world import Action, World
from runtime.console.command import Answer, Call, Command, choose, present, write_file
from runtime.console.errors import SlowError, UsageError
from runtime.console.glasses import Glasses
from runtime.core.messages import Card, CardDown
from runtime.core.settings import MAY_BE
from runtime.core.topics import CARD
from runtime.hud.ascii import to_text

SNAP = "snap"
LONGEST_SNAP_S = 10.0
ACTIONS: tuple[Action, ...] = get_args(Action)
LOOKS = {"left": (1.0, 0.0), "right": (-1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}


async def snap(call: Call) -> Answer:
    """Press the shutter and wait for the card; or act on the card that is there."""
    forms = ("picture", "next", "save", "forget")
    form = choose(call.words[0], forms, "form") if call.words else ""
    call.most(1)
    glasses = call.glasses
    with glasses.bus.subscribe(CARD) as cards:
        if form in ("", "picture"):
            glasses.request(SNAP, form)
        else:
            glasses.request(form)
        try:
            async with asyncio.timeout(LONGEST_SNAP_S):
                card = await _finished(cards, SNAP if form in ("", "picture") else "")
        except TimeoutError:
            raise SlowError(f"no card within {LONGEST_SNAP_S:g} s: see `status`") from None
    return Answer("\n".join(line.text for line in card.lines), msgspec.to_builtins(card))


async def _finished(cards: Any, key: str) -> Card:
    """The next card with this key; of any key when that is empty: the card in view is meant then."""
    while True:
        card: Card | CardDown = await cards.get()
        if isinstance(card, Card) and key in ("", card.key) and card.ttl_s is not None:
            return card  # one that stands without an end is waiting for its successor


def _snap_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else ("picture", "next", "save", "forget")


async def press(call: Call) -> Answer:
    """A key of the simulated glasses."""
    world: World = present(call.glasses.world, "simulated keys")
    keys = present(call.glasses.board.keys, "keys").keys
    key = choose(call.word(0, "the key's name"), keys, "key")
    action: Action = choose(call.words[1], ACTIONS, "action") if len(call.words) > 1 else "press"
    call.most(2)
    world.press(key, action)
    return Answer(f"{key} {action}")


def _press_words(glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    keys = glasses.board.keys.keys if glasses.board.keys else ()
    return (keys, ACTIONS, ())[min(len(before), 2)]


async def look(call: Call) -> Answer:
    """Turn the simulated head."""
    world: World = present(call.glasses.world, "simulated head")
    left, up = LOOKS[choose(call.word(0, "the direction"), LOOKS, "direction")]
    degrees = call.number(1, "the degrees", 15.0)
    call.most(2)
    world.turn(left * degrees, up * degrees)
    return Answer(f"looking {degrees:g}° {call.words[0]}")


def _look_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else LOOKS


async def hud(call: Call) -> Answer:
    """What the wearer sees: as words, as characters, as a picture."""
    form = choose(call.words[0], ("ascii", "png"), "form") if call.words else ""
    call.most(2)
    shown = call.glasses.hud.hud
    if form == "ascii":
        columns = round(call.number(1, "the columns", 80))
        if not 1 <= columns <= shown.canvas.shape[1]:
            raise UsageError(f"the columns are 1 to {shown.canvas.shape[1]}")
        return Answer(to_text(shown.canvas, columns) or "(dark)")
    if form == "png":
        path = Path(call.word(1, "the file's name"))
        data = await call.glasses.clock.call("console file", _png, shown.canvas.copy())
        await write_file(call.glasses, path, data)
        return Answer(str(path), {"path": str(path)})
    return Answer("\n".join(shown.words) or "(dark)", shown.words)


def _png(canvas: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(canvas * np.uint8(17)).save(file, "png")
    return file.getvalue()


def _hud_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else ("ascii", "png")


async def set_(call: Call) -> Answer:
    """The wearer's settings: all of them, or one to a new value."""
    settings = call.glasses.settings
    now = settings.now
    if call.words:
        now = await settings.set(call.words[0], " ".join(call.words[1:]))
    values: dict[str, Any] = msgspec.to_builtins(now)
    shown = [call.words[0]] if call.words else list(values)
    return Answer("\n".join(f"{name} {_plain(values[name])}" for name in shown), values)


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else f"{value}"


def _set_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else MAY_BE


_SET = "\n".join(["[NAME VALUE]", *(f"{name} is {what}" for name, what in MAY_BE.items())])

COMMANDS = (
    Command(
        "snap", snap, "press the shutter; act on its card", "[picture | next | save | forget]", _snap_words
    ),
    Command("press", press, "a key of the simulated glasses", "KEY [ACTION]", _press_words),
    Command("look", look, "turn the simulated head", "left|right|up|down [DEGREES]", _look_words),
    Command("hud", hud, "what the wearer sees", "[ascii [COLUMNS] | png FILE]", _hud_words),
    Command("set", set_, "the wearer's settings", _SET, _set_words),
)
