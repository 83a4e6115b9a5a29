"""What the wearer wants of the captions, and the words by which it is asked for; console and feature share it.

A wish is a setting in the store. The console keeps the changed one and then publishes ``Request(ACTION)``, at which
the feature reads all of them again (``read``, off the loop: it blocks) and lives by them: ``on`` opens or closes the
microphone, ``keep`` begins or ends a transcript. What else can be asked for is a request of its own, from the console
or from ``KEYS``, which the feature's row in the registry takes:

- ``REWIND``: a page of past lines on a card (``view.Rewind``); again: an older page; it goes by itself after a while.
- ``PAUSE``: microphone closed, captions frozen with ``view.paused_mark`` in ``Caption.mark``; again: go on.
- While the card or a caption is what is in view (``View`` gives ``KEY``), a touch is meant for the captions, and snap
  steps aside (``KEY`` is one of ``speaking.SPEAKERS``): "next" turns to a newer page, behind the newest back to live;
  "save" (the touch that holds) is ``PAUSE``; "forget" takes the page down and forgets the lines in memory.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

T = TypeVar("T")

KEY = "captions"
ACTION, REWIND, PAUSE = "captions", "rewind", "pause"
KEYS = {"touch swipe_back": REWIND}
AUTO, OFF = "auto", "off"

# The languages of multilingual Whisper, ISO 639-1 where there is a code ("Whisper", tokenizer.py, 2022).
_CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi"
    " ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd"
    " gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue"
)
LANGUAGES = tuple(_CODES.split(" "))


class Wishes(msgspec.Struct, frozen=True):
    """``language`` of the speech, or "auto"; ``translate`` into which, or "off"; ``show_source`` above, small.

    ``on``: captions are made; ``keep``: what is said is kept as a transcript until it is turned off again.
    """

    on: bool = False
    language: str = AUTO
    translate: str = OFF
    show_source: bool = True
    keep: bool = False


class Reads(Protocol):
    """What of the store reads a setting."""

    def get(self, key: str, kind: type[T], default: T) -> T:
        """The setting ``key``; ``default`` when it is missing or of another kind."""
        ...


def setting(name: str) -> str:
    """The key in the store of a wish.

    >>> setting("translate")
    'captions.translate'
    """
    return f"captions.{name}"


def read(store: Reads) -> Wishes:
    """The wishes that were kept; a language that nobody knows falls back to the default. Blocks."""
    plain = Wishes()
    return Wishes(
        on=store.get(setting("on"), bool, plain.on),
        language=_known(store.get(setting("language"), str, AUTO), AUTO),
        translate=_known(store.get(setting("translate"), str, OFF), OFF),
        show_source=store.get(setting("show_source"), bool, plain.show_source),
        keep=store.get(setting("keep"), bool, plain.keep),
    )


def _known(language: str, default: str) -> str:
    return language if language in LANGUAGES else default
