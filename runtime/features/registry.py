"""One table of the features: what each is made by, what it needs, what it answers to.

To add a feature: write a class with ``async def run(self)`` whose constructor takes the parts it needs by
name (bus, clock, tracer, store, sight, runner, …), and add one row here. The app starts it, the supervisor
restarts it, the keys and the console reach it through its requests.

Errors::

    FeatureError
    ├── MissingPartError    this device lacks something the feature needs; the others go on
    └── UnknownFeatureError (ValueError)   no row bears the name
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

import msgspec

from runtime.features.captions import wishes


class FeatureError(Exception):
    """Root of the registry's errors; the message says what to do next."""


class MissingPartError(FeatureError):
    """This device lacks something the feature needs."""


class UnknownFeatureError(FeatureError, ValueError):
    """No row of the table bears the name."""


class Feature(Protocol):
    """What the supervisor runs."""

    async def run(self) -> None:
        """Serve until cancelled."""
        ...


class Row(msgspec.Struct, frozen=True):
    """A feature: ``factory`` as "module:Class" (imported when it starts), ``needs`` what it can't do without.

    ``takes`` may be absent (the factory then gets None). ``keys`` maps an input ("shutter press") to the
    request it makes; ``text`` is what the wearer is told when the feature fails.
    """

    name: str
    factory: str
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    keys: Mapping[str, str] = {}
    text: str = ""


FEATURES: tuple[Row, ...] = (
    Row(
        name="snap",
        factory="runtime.features.snap.feature:SnapFeature",
        needs=("bus", "clock", "tracer", "sight", "runner"),
        takes=("reader", "ocr", "catalogue", "store", "answerer", "view"),
        keys={
            "shutter press": "snap",
            "touch tap": "next",
            "touch swipe_forward": "next",
            "touch hold": "save",
            "touch double_tap": "forget",
        },
        text="Snap is restarting",
    ),
    Row(
        name="ask",
        factory="runtime.features.ask.feature:AskFeature",
        needs=("bus", "clock", "tracer", "runner", "language", "view", "reader", "ocr"),
        takes=("sight", "catalogue"),
        text="Ask is restarting",
    ),
    Row(
        name="translate",
        factory="runtime.features.translate.feature:TranslateFeature",
        needs=("bus", "runner", "language", "view"),
        text="Translate is restarting",
    ),
    Row(
        name="captions",
        factory="runtime.features.captions.feature:CaptionsFeature",
        needs=(
            "bus",
            "clock",
            "tracer",
            "log",
            "hearing",
            "speech",
            "interpreter",
            "store",
            "transcripts",
            "report",
            "view",
        ),
        keys=wishes.KEYS,
        text="Captions are restarting",
    ),
    Row(
        name="navigate",
        factory="runtime.features.navigate.feature:NavigateFeature",
        needs=("bus", "clock", "log", "store"),
        text="Navigation is restarting",
    ),
    Row(
        name="draft",
        factory="runtime.features.draft.feature:DraftFeature",
        needs=("bus", "clock", "runner", "language", "view"),
        takes=("store",),
        text="Draft is restarting",
    ),
)


def build(name: str, parts: Mapping[str, Any], features: Sequence[Row] = FEATURES) -> Feature:
    """Make the feature of this name from the parts at hand.

    Raises UnknownFeatureError and MissingPartError.
    """
    row = next((row for row in features if row.name == name), None)
    if row is None:
        raise UnknownFeatureError(
            f"{name}: no such feature; there are: {', '.join(r.name for r in features)}"
        )
    if missing := [need for need in row.needs if parts.get(need) is None]:
        raise MissingPartError(
            f"{name} needs {', '.join(missing)}: check that part on the board, then restart"
        )
    module, _, factory = row.factory.partition(":")
    make = getattr(import_module(module), factory)
    return cast(Feature, make(**{part: parts.get(part) for part in row.needs + row.takes}))
