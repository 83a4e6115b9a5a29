"""The route and the journey in the store: what a kill, a reboot or an empty battery must not cost."""

from __future__ import annotations

import msgspec

from runtime.features.navigate.asks import JOURNEY, ROUTE, SERVER, Journey, Keeps, Reads
from runtime.features.navigate.following.state import fingerprint
from runtime.features.navigate.routes.route import Route
from runtime.features.navigate.routes.saved import decode_route, encode_route

_NOT_BEGUN = Journey()
_NONE = msgspec.Raw(b"null")


def keep_route(store: Keeps, route: Route, journey: Journey = _NOT_BEGUN) -> None:
    """Keep ``route`` in the place of the one before; what was done of that is forgotten. Raises StoreError.

    A kill between the two writes leaves the new route with the old one's progress, which tells that it is another's:
    it is followed from its beginning, if one was followed.
    """
    store.set(ROUTE, msgspec.Raw(encode_route(route)))
    store.set(JOURNEY, journey)


def replace_route(store: Keeps, old: Route, new: Route, journey: Journey) -> bool:
    """``keep_route`` in one go, unless the wearer has loaded another than ``old`` meanwhile. Raises RouteError too.

    All that writes routes does so in the store's thread, so nobody comes between the look and the writing.
    """
    kept = read_route(store)
    if kept is None or fingerprint(kept) != fingerprint(old):
        return False
    keep_route(store, new, journey)
    return True


def read_route(store: Reads) -> Route | None:
    """The kept route, None where there is none. Blocks. Raises RouteError."""
    raw = store.get(ROUTE, msgspec.Raw, _NONE)
    return None if bytes(raw) == bytes(_NONE) else decode_route(bytes(raw))


def read_journey(store: Reads) -> Journey:
    """How far the wearer has come. Blocks."""
    return store.get(JOURNEY, Journey, Journey())


def read_server(store: Reads) -> str:
    """The routing server that the wearer named, "" for none: nobody is asked by default. Blocks."""
    return store.get(SERVER, str, "")
