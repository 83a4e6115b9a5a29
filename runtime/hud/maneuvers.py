"""Icons of what to do on the way: a stem from below, a bend, a head. On the grid of ``icons``, drawn as outlines."""

from __future__ import annotations

import math

from runtime.hud.strokes import Path, Point, arc, circle, curve

HEAD = 5.0  # length of the head's two strokes
RING, RING_X, RING_Y = 4.2, 12.0, 11.5  # a roundabout
OUT, SMALL_HEAD = 10.5, 4.2  # the way out of one: where it ends, from the middle, and its head
# A roundabout's way out, in degrees to the left of straight on.
DIRECTIONS = {
    "straight": 0, "slight-left": 45, "left": 90, "sharp-left": 135,
    "back": 180, "sharp-right": 225, "right": 270, "slight-right": 315,
}  # fmt: skip

Shape = tuple[Path, ...]


def _head(tip: Point, back: Point, length: float = HEAD) -> Path:
    """The two strokes at ``tip`` of a line that comes from ``back``."""
    angle = math.atan2(back[1] - tip[1], back[0] - tip[0])
    one, other = (
        (tip[0] + length * math.cos(angle + side), tip[1] + length * math.sin(angle + side))
        for side in (math.pi / 4.5, -math.pi / 4.5)
    )
    return one, tip, other


def _bent(stem: Path, corner: Point, tip: Point) -> Shape:
    """A stem that bends at ``corner`` towards ``tip``."""
    return ((*stem, *curve(stem[-1], corner, _towards(corner, tip, 3.5)), tip), _head(tip, corner))


def _towards(start: Point, end: Point, length: float) -> Point:
    far = math.dist(start, end)
    return start[0] + (end[0] - start[0]) * length / far, start[1] + (end[1] - start[1]) * length / far


def _mirrored(shape: Shape) -> Shape:
    return tuple(tuple((24 - x, y) for x, y in path) for path in shape)


def _roundabout(left_deg: int) -> Shape:
    """The ring, the way in from below, and the way out to the left of straight on by so many degrees."""
    angle = math.radians(left_deg)
    out = (-math.sin(angle), -math.cos(angle))
    start = (RING_X + RING * out[0], RING_Y + RING * out[1])
    tip = (RING_X + OUT * out[0], RING_Y + OUT * out[1])
    way_in: Path = ((RING_X, 21.5), (RING_X, RING_Y + RING))
    if left_deg == 180:  # out where it came in: beside it
        way_in = ((14.5, 21.5), (14.0, RING_Y + RING - 0.5))
        start, tip = (9.8, RING_Y + RING - 0.5), (8.5, 21.5)
    return circle(RING_X, RING_Y, RING), way_in, (start, tip), _head(tip, start, SMALL_HEAD)


LEFT: dict[str, Shape] = {
    "slight-left": _bent(((14.5, 21.5), (14.5, 15)), (14.5, 12), (6.5, 4)),
    "turn-left": _bent(((16, 21.5), (16, 13)), (16, 9), (4, 9)),
    "sharp-left": _bent(((16, 21.5), (16, 10)), (16, 5), (5.5, 15.5)),
    "keep-left": (
        ((12, 21.5), (12, 16), *curve((12, 16), (12, 13), (9, 10)), (5, 5.5)),
        _head((5, 5.5), (9, 10)),
        ((12, 15), (19, 6)),
    ),
    "exit-roundabout-left": (  # from the ring, of which the rest is dashed
        (*arc(14, 13.5, 7, 90, 180), *curve((7, 13.5), (7, 7.5), (2.5, 4))),
        _head((2.5, 4), (6.5, 7.5), SMALL_HEAD),
        *(arc(14, 13.5, 7, start, start + 26) for start in (248, 298, 348, 38)),
    ),
    "arrive-left": (  # the flag beside the way
        ((18, 21.5), (18, 3.5)),
        ((3.5, 19), (3.5, 5), (13, 5), (10.5, 8.5), (13, 12), (3.5, 12)),
    ),
}  # fmt: skip
MANEUVERS: dict[str, Shape] = {
    "straight": (((12, 21.5), (12, 3.5)), _head((12, 3.5), (12, 12))),
    **LEFT,
    **{name.replace("left", "right"): _mirrored(shape) for name, shape in LEFT.items()},
    "u-turn": (
        ((17, 21.5), (17, 9), *curve((17, 9), (17, 3.5), (12, 3.5)), *curve((12, 3.5), (7, 3.5), (7, 9)), (7, 17)),
        _head((7, 17), (7, 9)),
    ),
    **{f"roundabout-{name}": _roundabout(degrees) for name, degrees in DIRECTIONS.items()},
    "via": (circle(12, 12, 4), ((12, 21.5), (12, 16)), ((12, 8), (12, 2.5))),
    "arrive": (((6, 21.5), (6, 3.5), (19, 3.5), (15.5, 8), (19, 12.5), (6, 12.5)),),
    "ferry": (
        ((3, 14), (21, 14), (17.5, 19), (6.5, 19), (3, 14)),
        ((7, 14), (7, 8), (15, 8), (17, 14)),
        ((11, 8), (11, 4.5)),
    ),
    "off-route": (
        circle(17.5, 6.5, 2.2),
        ((5, 21.5), (5, 17)),
        ((5, 13.5), (5, 9)),
        ((5, 5.5), (5, 3)),
        (*curve((9, 21.5), (9, 13), (14.5, 9.5)),),
    ),
    "searching": (circle(12, 12, 3), circle(12, 12, 8.5), ((12, 1.8), (12, 5)), ((12, 19), (12, 22.2)),
                  ((1.8, 12), (5, 12)), ((19, 12), (22.2, 12))),
}  # fmt: skip
