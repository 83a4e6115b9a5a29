"""The wearer's settings: typed, checked, kept in the store, told to everybody on the topic SETTINGS."""

from __future__ import annotations

import re
from typing import Any, get_origin

import msgspec

from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.errors import SettingError, StoreError, describe
from runtime.core.log import Log
from runtime.core.messages import WearerSettings
from runtime.core.store import Store
from runtime.core.topics import SETTINGS

MAY_BE = {
    "text_size": "a number from 0.5 to 3 (1 is the normal size)",
    "text_area": "left top width height in percent (width and height 20 or more, nothing past 100)",
    "brightness": "a number from 0.1 to 1",
    "language": "en or zh",
}
"""What each setting may be, in the console's words."""

_KINDS: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(WearerSettings)}


class Settings:
    """Holds the settings that are in force; ``bus.latest(SETTINGS)`` has them too."""

    def __init__(self, clock: Clock, bus: Bus, store: Store, log: Log) -> None:
        self._clock, self._bus, self._store, self._log = clock, bus, store, log
        self.now = WearerSettings()

    async def load(self) -> None:
        """Take up what was kept; one that can't be read falls back to its default, the others stay."""
        try:
            settings = await self._clock.call("store", self._kept)
        except (StoreError, ValueError) as error:
            self._log.warning("settings are the defaults", part="settings", error=describe(error))
            settings = WearerSettings()
        self._announce(settings)

    async def set(self, name: str, text: str) -> WearerSettings:
        """Set ``name`` from the console's words ("1.5", "0 50 100 50"), keep it, then tell everybody.

        Raises SettingError, and StoreError when it can't be kept (nothing changes then).
        """
        changed = changed_by(self.now, name, text)
        await self._clock.call("store", self._store.set, _key(name), getattr(changed, name))
        self._announce(changed)
        return changed

    def _kept(self) -> WearerSettings:
        defaults = msgspec.structs.asdict(WearerSettings())
        return WearerSettings(
            **{name: self._store.get(_key(name), _KINDS[name], value) for name, value in defaults.items()}
        )

    def _announce(self, settings: WearerSettings) -> None:
        self.now = settings
        self._bus.publish(SETTINGS, settings)


def changed_by(settings: WearerSettings, name: str, text: str) -> WearerSettings:
    """``settings`` with ``name`` set to what ``text`` means. Raises SettingError, which says what may be."""
    kind = _KINDS.get(name)
    if kind is None:
        raise SettingError(f"there is no setting {name!r}; there are: {', '.join(_KINDS)}")
    several = get_origin(kind) is tuple
    raw = [word for word in re.split(r"[\s,]+", text) if word] if several else text.strip()
    try:
        return msgspec.structs.replace(settings, **{name: msgspec.convert(raw, kind, strict=False)})
    except ValueError:
        raise SettingError(f"{name} can't be {text!r}; it may be {MAY_BE[name]}") from None


def _key(name: str) -> str:
    return f"wearer.{name}"
