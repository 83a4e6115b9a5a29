from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.errors import ReadOnlyError, SettingError
from runtime.core.log import Log, LogRing
from runtime.core.messages import WearerSettings
from runtime.core.settings import MAY_BE, Settings, changed_by
from runtime.core.store import Store
from runtime.core.topics import SETTINGS


class Home:
    """The parts that settings stand on."""

    def __init__(self, path: Path, clock: VirtualClock, bus: Bus, log: Log) -> None:
        self.clock, self.bus, self.log = clock, bus, log
        self.store = Store(path, clock, log)

    def settings(self) -> Settings:
        return Settings(self.clock, self.bus, self.store, self.log)


@pytest.fixture
def home(tmp_path: Path, clock: VirtualClock, bus: Bus, log: Log) -> Iterator[Home]:
    home = Home(tmp_path / "db", clock, bus, log)
    yield home
    home.store.close()


def test_what_is_set_is_told_and_kept(home: Home) -> None:
    async def main() -> None:
        settings = home.settings()
        await settings.load()
        assert home.bus.latest(SETTINGS) == WearerSettings()
        await settings.set("text_size", "1.5")
        await settings.set("text_area", "0, 50 100,50")
        assert home.bus.latest(SETTINGS) == settings.now
        again = home.settings()
        await again.load()
        assert again.now == WearerSettings(text_size=1.5, text_area=(0, 50, 100, 50))

    run_virtual(home.clock, main())


def test_what_can_not_be_kept_is_not_changed(home: Home) -> None:
    async def main() -> None:
        settings = home.settings()
        home.store.limit_disk("readonly")
        with pytest.raises(ReadOnlyError):
            await settings.set("language", "zh")
        assert settings.now.language == "en"
        assert home.bus.latest(SETTINGS) is None

    run_virtual(home.clock, main())


@pytest.mark.parametrize("kept", [("text_area", [90, 0, 90, 100]), ("text_size", 77.0), ("language", "xx")])
def test_a_kept_value_that_makes_no_sense_falls_back(
    home: Home, ring: LogRing, kept: tuple[str, object]
) -> None:
    async def main() -> None:
        home.store.set("wearer.brightness", 0.5)
        home.store.set(f"wearer.{kept[0]}", kept[1])
        settings = home.settings()
        await settings.load()
        assert settings.now in (WearerSettings(brightness=0.5), WearerSettings())

    run_virtual(home.clock, main())
    assert ring.entries("warning")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text_size", "big"),
        ("text_size", "nan"),
        ("text_size", "99"),
        ("brightness", ""),
        ("language", "de"),
        ("text_area", "1 2 3"),
        ("text_area", "0 50 100 60"),
        ("text_area", "0 0 5 5"),
    ],
)
def test_a_wrong_value_says_what_may_be(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} can't be ") as caught:
        changed_by(WearerSettings(), name, text)
    assert MAY_BE[name] in str(caught.value)


def test_an_unknown_setting_lists_those_there_are() -> None:
    with pytest.raises(SettingError, match="there are: text_size, text_area, brightness, language"):
        changed_by(WearerSettings(), "colour", "red")


def test_each_setting_says_what_it_may_be() -> None:
    assert list(MAY_BE) == [field.name for field in msgspec.structs.fields(WearerSettings)]


@given(st.sampled_from([*MAY_BE, "x"]), st.text() | st.from_regex(r"[0-9. -]{0,20}"))
def test_the_console_may_type_anything(name: str, text: str) -> None:
    try:
        changed = changed_by(WearerSettings(), name, text)
    except SettingError as error:
        assert str(error)
    else:
        assert msgspec.convert(msgspec.to_builtins(changed), WearerSettings) == changed
