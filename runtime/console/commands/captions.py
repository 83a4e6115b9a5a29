"""Captions: on and off, their language and translation, looking back, and the transcripts that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from runtime.console.command import Answer, Call, Command, choose, present, write_file
from runtime.console.errors import AbsentError, SlowError, UsageError
from runtime.console.glasses import Glasses
from runtime.console.table import stretch, table
from runtime.core.clock import NS
from runtime.core.messages import Caption, Card
from runtime.core.topics import CAPTION, CARD, Topic
from runtime.features.captions import wishes
from runtime.features.captions.transcripts import Form, Transcript
from runtime.hud.captions import paragraphs

M = TypeVar("M")
SWITCH = {"on": True, "off": False}
FILE_FORMS: tuple[Form, ...] = get_args(Form)
ANSWER_S = 2.0
MOST_LISTED = 50


async def captions(call: Call) -> Answer:
    """Do what the first word says, or tell how it is."""
    return await FORMS[choose(call.words[0], FORMS, "form") if call.words else "status"](call)


async def _status(call: Call) -> Answer:
    """What is wished for, whether it is done, what was said last."""
    call.most(1)
    glasses = call.glasses
    wish = await glasses.clock.call("store", wishes.read, glasses.store)
    part = next((part for part in glasses.supervisor.status() if part.name == wishes.KEY), None)
    said = glasses.bus.latest(CAPTION) or Caption("")
    words = f"{paragraphs(said.committed)[-1]} {said.tentative}".strip()
    rows = [
        ("captions", _switched(wish.on) + (f" ({said.mark})" if said.mark else "")),
        ("part", part.state if part else "absent"),
        ("language", wish.language),
        ("translate", wish.translate + (", source above" if wish.translate != wishes.OFF else "")),
        ("text size", f"{glasses.settings.now.text_size:g}"),
        ("transcript", "is kept: `captions keep off` ends it" if wish.keep else "not kept"),
        ("last words", words or "–"),
    ]
    if not wish.show_source:
        rows[3] = ("translate", wish.translate)
    told = {"part": part.state if part else None, "mark": said.mark, "last": words}
    return Answer(table(rows), msgspec.to_builtins(wish) | told)


def _wish(name: str, parse: Callable[[Call], object], said: Callable[[Any], str]) -> Run:
    """The form that keeps a wish and tells the feature."""

    async def run(call: Call) -> Answer:
        value = parse(call)
        glasses = call.glasses
        await glasses.clock.call("store", glasses.store.set, wishes.setting(name), value)
        glasses.request(wishes.ACTION)
        return Answer(said(value), {name: value})

    return run


def _switch(at: int) -> Callable[[Call], object]:
    """The word at ``at``, on or off."""

    def parse(call: Call) -> bool:
        call.most(at + 1)
        return SWITCH[choose(call.word(at, "on or off"), SWITCH, "switch")]

    return parse


def _on(call: Call) -> object:
    """On, where there is something to hear with."""
    present(call.glasses.hearing, "microphone")
    return _switch(0)(call)


def _language(other: str) -> Callable[[Call], object]:
    def parse(call: Call) -> str:
        call.most(2)
        return choose(call.word(1, "the language"), (other, *wishes.LANGUAGES), "language")

    return parse


async def _size(call: Call) -> Answer:
    """The size of all text on the HUD."""
    call.most(2)
    now = await call.glasses.settings.set("text_size", call.word(1, "the size"))
    return Answer(f"text size {now.text_size:g}", {"text_size": now.text_size})


async def _rewind(call: Call) -> Answer:
    """What was said before, a page at a time, as the wearer sees it."""
    call.most(1)
    card = await _asked(
        call.glasses, wishes.REWIND, CARD, lambda one: isinstance(one, Card) and one.key == wishes.KEY
    )
    return Answer("\n".join(line.text for line in card.lines), msgspec.to_builtins(card))


async def _pause(call: Call) -> Answer:
    """Close the microphone and freeze what is shown; again: go on."""
    call.most(1)
    glasses = call.glasses
    if not (await glasses.clock.call("store", wishes.read, glasses.store)).on:
        raise AbsentError("captions are off: `captions on` first")
    said = await _asked(glasses, wishes.PAUSE, CAPTION, lambda _: True)
    return Answer("paused" if said.mark else "going on", {"paused": bool(said.mark)})


async def _asked(glasses: Glasses, action: str, topic: Topic[Any], is_answer: Callable[[Any], bool]) -> Any:
    """Ask the feature and wait for what it shows. Raises SlowError."""
    with glasses.bus.subscribe(topic) as shown:
        glasses.request(action)
        try:
            async with asyncio.timeout(ANSWER_S):
                while not is_answer(message := await shown.get()):
                    pass
        except TimeoutError:
            raise SlowError(f"no answer within {ANSWER_S:g} s: see `captions` and `status`") from None
    return message


async def _list(call: Call) -> Answer:
    """The transcripts that are kept, newest first."""
    call.most(1)
    found = await call.glasses.clock.call("store", call.glasses.transcripts.newest, MOST_LISTED)
    rows = [(one.id, _date(one.t_wall_ns), _length(one), one.segments, _brief(one.title)) for one in found]
    none = "no transcript is kept: `captions keep on` keeps what is said from then on"
    return Answer(
        table(rows, ("id", "UTC", "long", "said", "")) if rows else none, msgspec.to_builtins(found)
    )


async def _search(call: Call) -> Answer:
    """Where all of the words were said."""
    if len(call.words) < 2:
        raise UsageError("the words to look for are missing")
    found = await call.glasses.clock.call("store", call.glasses.transcripts.search, " ".join(call.words[1:]))
    rows = [
        (hit.transcript_id, _date(hit.segment.t_wall_ns), hit.segment.translation or hit.segment.source)
        for hit in found
    ]
    return Answer(table(rows, ("id", "UTC", "")) if rows else "nowhere", msgspec.to_builtins(found))


async def _export(call: Call) -> Answer:
    """A transcript into a file."""
    call.most(4)
    kept, form = _id(call), choose(call.word(2, "text, srt or vtt"), FILE_FORMS, "form of file")
    path = Path(call.word(3, "the file's name"))
    glasses = call.glasses
    text = await glasses.clock.call("store", glasses.transcripts.export, kept, form)
    await write_file(glasses, path, text.encode())
    return Answer(f"{path}: {len(text.encode())} bytes", {"path": str(path), "form": form})


async def _delete(call: Call) -> Answer:
    """A transcript, for good."""
    call.most(2)
    kept = _id(call)
    gone = await call.glasses.clock.call("store", call.glasses.transcripts.delete, kept)
    said = (
        f"transcript {kept} is deleted for good"
        if gone
        else f"there is no transcript {kept}: `captions list`"
    )
    return Answer(said, {"id": kept, "deleted": gone})


def _id(call: Call) -> int:
    word = call.word(1, "the transcript's id")
    if not word.isdecimal():
        raise UsageError(f"the transcript's id is a number of `captions list`, not {word!r}")
    return int(word)


def _switched(on: bool) -> str:
    return "on" if on else "off"


def _date(t_wall_ns: int) -> str:
    return datetime.fromtimestamp(t_wall_ns / NS, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _length(one: Transcript) -> str:
    return stretch(one.seconds) + ("" if one.ended_wall_ns else ", not ended")


def _brief(title: str) -> str:
    return title if len(title) <= 40 else title[:39] + "…"


Run = Callable[[Call], Awaitable[Answer]]
FORMS: dict[str, Run] = {
    "status": _status,
    "on": _wish("on", _on, lambda _: "captions are on"),
    "off": _wish("on", _switch(0), lambda _: "captions are off"),
    "language": _wish("language", _language(wishes.AUTO), lambda one: f"speech is taken for {one}"),
    "translate": _wish("translate", _language(wishes.OFF), lambda one: f"translation {one}"),
    "source": _wish(
        "show_source", _switch(1), lambda on: f"the source above a translation is {_switched(on)}"
    ),
    "keep": _wish(
        "keep", _switch(1), lambda on: "what is said is kept" if on else "nothing is kept any more"
    ),
    "size": _size,
    "rewind": _rewind,
    "pause": _pause,
    "list": _list,
    "search": _search,
    "export": _export,
    "delete": _delete,
}
_AFTER: dict[str, Sequence[str]] = {
    "language": (wishes.AUTO, *wishes.LANGUAGES),
    "translate": (wishes.OFF, *wishes.LANGUAGES),
    "source": tuple(SWITCH),
    "keep": tuple(SWITCH),
}


def _words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    if not before:
        return FORMS
    if before[0] == "export" and len(before) == 2:
        return FILE_FORMS
    return _AFTER.get(before[0], ()) if len(before) == 1 else ()


_USAGE = """[status | on | off | pause | rewind]
language auto|LANGUAGE
translate off|LANGUAGE
source on|off
size NUMBER
keep on|off
list
search WORDS
export ID text|srt|vtt FILE
delete ID"""

COMMANDS = (Command("captions", captions, "what people say, as text; kept only when asked", _USAGE, _words),)
