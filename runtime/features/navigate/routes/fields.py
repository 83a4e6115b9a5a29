"""JSON from outside, read field by field: what is missing or of the wrong kind is named by its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from runtime.features.navigate.routes.route import RouteFormatError

MOST_BYTES = 256 << 20
MOST_ITEMS = 200_000
MOST_CONTAINERS, MOST_VALUES = 4_500_000, 16_000_000


class Node:
    """A value and where it stands ("routes[0].legs[1]")."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.value, self.place = value, place

    def __getitem__(self, key: str) -> Node:
        """A field that must be there. Raises RouteFormatError."""
        node = self.get(key)
        if node is None:
            raise RouteFormatError(f"{self._at(key)}: missing; ask the server for it, or take another file")
        return node

    def get(self, key: str) -> Node | None:
        """A field that may be absent or null. Raises RouteFormatError where this is no object."""
        if not isinstance(self.value, dict):
            raise RouteFormatError(
                f"{self.place or 'the file'}: an object is expected here, not {_kind(self.value)}"
            )
        value = self.value.get(key)
        return None if value is None else Node(value, self._at(key))

    def items(self, key: str) -> list[Node]:
        """The elements of a list; none where it is absent. Raises RouteFormatError."""
        node = self.get(key)
        if node is None:
            return []
        if not isinstance(node.value, list):
            raise RouteFormatError(f"{node.place}: a list is expected here, not {_kind(node.value)}")
        if len(node.value) > MOST_ITEMS:
            raise RouteFormatError(
                f"{node.place}: {len(node.value)} of them are more than {MOST_ITEMS}: cut the route in two"
            )
        return [Node(value, f"{node.place}[{i}]") for i, value in enumerate(node.value)]

    def text(self, key: str) -> str:
        """A text field, "" where it is absent or something else: nobody is lost for a name."""
        node = self.get(key)
        return node.value.strip() if node is not None and isinstance(node.value, str) else ""

    def number(self, key: str) -> float:
        """A number that must be there. Raises RouteFormatError."""
        return self[key].as_number()

    def maybe(self, key: str) -> float | None:
        """A number that may be absent. Raises RouteFormatError where it is something else."""
        node = self.get(key)
        return None if node is None else node.as_number()

    def as_number(self) -> float:
        """This value as a finite number. Raises RouteFormatError."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise RouteFormatError(f"{self.place}: a number is expected here, not {_kind(self.value)}")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise RouteFormatError(f"{self.place}: the number is too large")
        return number

    def point(self, key: str) -> tuple[float, float]:
        """A place written as [longitude, latitude] → latitude, longitude. Raises RouteFormatError."""
        return self[key].as_point()

    def as_point(self) -> tuple[float, float]:
        """This value, [longitude, latitude], as latitude and longitude. Raises RouteFormatError."""
        if not isinstance(self.value, list) or len(self.value) < 2:
            raise RouteFormatError(f"{self.place}: [longitude, latitude] is expected here")
        longitude, latitude = (
            Node(value, f"{self.place}[{i}]").as_number() for i, value in enumerate(self.value[:2])
        )
        if abs(latitude) > 90 or abs(longitude) > 360:
            raise RouteFormatError(f"{self.place}: {latitude:g}, {longitude:g} is nowhere on Earth")
        return latitude, longitude

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def parse_json(data: bytes) -> Node:
    """The document. Raises RouteFormatError.

    What would take some gigabytes once it is read is refused before: a list takes 60 bytes where its text takes two.
    """
    if data.count(b"[") + data.count(b"{") > MOST_CONTAINERS or data.count(b",") > MOST_VALUES:
        raise RouteFormatError("this JSON holds too many values for a route: simplify it, or cut it in two")
    try:
        return Node(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RouteFormatError(
            f"this is no JSON: {error}; a route is OSRM or Valhalla JSON, or GPX"
        ) from error


def scalars(node: Node) -> Iterator[Any]:
    """The plain values of a list, or the value itself."""
    yield from node.value if isinstance(node.value, list) else [node.value]


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")
