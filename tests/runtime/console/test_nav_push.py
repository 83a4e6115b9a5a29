"""A route in pieces over the console: whole or not at all."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from runtime.console.command import Call
from runtime.console.commands import pushing
from runtime.console.commands.pushing import MOST_BYTES, MOST_PART
from runtime.console.errors import UsageError
from runtime.features.navigate.asks import JOURNEY, Journey
from runtime.features.navigate.kept import keep_route, read_route
from runtime.features.navigate.routes.load import load_route
from tests.runtime.console.talk import Talk, talk
from tests.runtime.features.navigate.routes.samples import corner


def part(data: bytes) -> str:
    return f"nav push {base64.b64encode(data).decode()}"


async def send(t: Talk, data: bytes, size: int | None = None) -> None:
    await t.text(f"nav push begin {size or ''}")
    rng, at = random.Random(len(data)), 0
    while at < len(data):
        more = rng.randint(1, 200)
        await t.text(part(data[at : at + more]))
        at += more


def kept(t: Talk) -> str:
    route = read_route(t.sim.glasses.store)
    return "" if route is None else route.source


def test_a_route_comes_in_pieces() -> None:
    async def story(t: Talk) -> None:
        data = corner()
        await send(t, data, len(data))
        assert kept(t) == "", "nothing before its end"
        assert "home.json: 0.35 km" in await t.text("nav push end home.json")
        assert kept(t) == "home.json"
        await send(t, data)
        assert "my way.json" in await t.text("nav push end 'my way.json'")
        assert "nothing was begun" in await t.refused("nav push end again.json")

    talk(story)


def test_one_that_is_followed_gives_way_to_it() -> None:
    async def story(t: Talk) -> None:
        keep_route(t.sim.glasses.store, load_route(corner(), "old"))
        t.sim.glasses.store.set(JOURNEY, Journey(on=True))
        await send(t, corner())
        assert "following it now" in await t.text("nav push end new")

    talk(story)


def test_what_is_not_whole_is_never_a_route() -> None:
    async def story(t: Talk) -> None:
        keep_route(t.sim.glasses.store, load_route(corner(), "old"))
        data = corner()
        assert "nothing was begun" in await t.refused(part(data))
        await t.text(f"nav push begin {len(data)}")
        await t.text(part(data[:-40]))
        assert f"{len(data) - 40} of {len(data)} bytes have come" in await t.refused("nav push end x")
        assert "nothing was begun" in await t.refused("nav push end x"), "a mistake forgets it"
        await t.text("nav push begin 10")
        assert "more than the 10 bytes announced" in await t.refused(part(data[:11]))
        await send(t, b"<gpx><rte>")
        assert "no XML" in await t.refused("nav push end x.gpx")
        await send(t, data)
        t.shell.type(b"\x03")
        assert "broken off" in await t.refused("nav push end x"), "Ctrl-C"
        await send(t, data)
        await t.text("json on")
        assert "broken off" in await t.refused("nav push end x"), "another conversation"
        assert kept(t) == "old"

    talk(story)


def test_nonsense_and_too_much_are_refused() -> None:
    async def story(t: Talk) -> None:
        await t.text("nav push begin")
        assert "is missing" in await t.refused("nav push end")
        assert "is missing" in await t.refused("nav push")
        for word in ("not-base64!", "abc", "äöü=", "QQ==QQ=="):
            await t.text("nav push begin")
            assert "no base64" in await t.refused(f"nav push {word}"), word
        for size in ("0", "-1", "8.5", "nan", str(MOST_BYTES + 1), "9" * 5000):
            assert "the size must be" in await t.refused(f"nav push begin {size}")
        await t.text("nav push begin")
        assert "characters at most" in await t.refused("nav push " + "A" * (MOST_PART + 4))

    talk(story)


def test_8_mb_are_the_most() -> None:
    glasses: Any = None
    kept: dict[str, Any] = {}

    def say(*words: str) -> Call:
        return Call(glasses, ["push", *words], lambda _: None, kept)

    pushing.begin(say("begin"))
    whole = base64.b64encode(b" " * (MOST_PART // 4 * 3)).decode()
    for _ in range(MOST_BYTES // (MOST_PART // 4 * 3)):
        pushing.add(say(whole))
    with pytest.raises(UsageError, match="8 MB"):
        pushing.add(say(whole))
    assert not kept
