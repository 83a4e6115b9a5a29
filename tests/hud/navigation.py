"""What the wearer sees on the way: each kind of maneuver, from a route by the guide and its card to a scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from runtime.core.clock import NS
from runtime.core.messages import Heading, Place, Reading
from runtime.features.navigate.arrow import HeadArrow
from runtime.features.navigate.card import cue_card
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.cues.words import LANGUAGES, Words
from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.route import Lane, Name, Route
from runtime.features.navigate.signpost import Signpost
from runtime.features.navigate.signs import Line
from runtime.hud.scene import Scene
from runtime.sense.pose import make_pose
from tests.runtime.features.navigate.made import XY, latlon, route

LEG = 200.0  # metres north before the maneuver
SPEED = 1.4
YUYUAN, JIANGSU = "豫园路 / Yuyuan Rd.", "江苏路 / Jiangsu Rd."
PINYIN = Name("江苏路", {"zh_pinyin": "Jiāngsū Lù"})
LONG = "鄂尔多斯市康巴什区阿布亥沟大桥北辅路 / Ordos Kangbashi Abuhaigou Bridge North Frontage Road"
LANES = (Lane(("straight", "left"), True), Lane(("straight",), False), Lane(("right",), False))


class Moment(msgspec.Struct, frozen=True):
    """``turn``: degrees to the right at the maneuver, 200 m north of the start; ``fields`` of it that are set.

    The wearer has walked ``walked_m`` of the way, or what ``strays`` says, and looks ``looks`` degrees to the left
    of north with a heading of ``sd`` degrees. ``second_m``: as many metres behind it the way turns right once more.
    """

    turn: float = 0.0
    fields: dict[str, object] = {}
    walked_m: float = LEG - 40.0
    looks: float = 0.0
    sd: float = 5.0
    second_m: float = 0.0
    ends: str | None = None
    strays: Sequence[XY] = ()
    sign: tuple[Line, ...] = ()
    stands_s: float = 0.0


MOMENTS: dict[str, Moment] = {
    "depart": Moment(90, walked_m=0.0, looks=20.0),
    "straight": Moment(0, {"kind": "continue", "modifier": "straight", "name": name_of(YUYUAN)}, LEG - 4, sd=90.0),
    "slight_left": Moment(-35, {"name": name_of(YUYUAN)}),
    "slight_right": Moment(35, {"name": name_of(YUYUAN)}, sd=40.0),
    "left": Moment(-90, {"name": name_of(YUYUAN)}, LEG - 20, sign=(("豫园路", 0.98), ("YUYUAN LU", 0.97))),
    "right": Moment(90, {"name": name_of("Main Street")}, LEG - 3, looks=30.0),
    "sharp_left": Moment(-140, {"name": name_of(YUYUAN)}, second_m=8.0),
    "sharp_right": Moment(140, {"name": name_of(LONG)}),
    "u_turn": Moment(180, {"name": PINYIN}, LEG - 20),
    "keep_left": Moment(-25, {"kind": "fork", "name": name_of("S20"), "towards": "Hongqiao Airport", "lanes": LANES}),
    "keep_right": Moment(25, {"kind": "fork", "name": name_of("")}, LEG - 55, sd=90.0),
    "roundabout": Moment(-90, {"kind": "roundabout", "exit": 3, "name": name_of(YUYUAN)}),
    "leave_roundabout": Moment(40, {"kind": "exit roundabout", "name": name_of(YUYUAN)}, LEG - 8),
    "ferry": Moment(0, {"kind": "ferry", "name": name_of("东金线 / Dongjin Line")}),
    "via": Moment(0, {"kind": "via", "name": name_of("静安公园 / Jing'an Park")}),
    "arrive": Moment(walked_m=LEG - 50, ends=""),
    "arrive_left": Moment(walked_m=LEG - 15, ends="left", looks=-10.0),
    "arrived_right": Moment(walked_m=LEG, ends="right", stands_s=8.0),
    "off_route": Moment(90, strays=((0, 0), (0, 100), (-25, 100))),
    "wrong_way": Moment(90, strays=((0, 0), (0, 150), (0, 60)), looks=150.0),
    "other_sign": Moment(90, {"name": name_of(YUYUAN)}, sign=(("江苏路", 0.98),)),
}  # fmt: skip


def made(moment: Moment) -> Route:
    """The way of a moment: Huashan Road, then what ``fields`` names, Jiangsu Road far behind."""
    if moment.ends is not None:
        way = route([(0, 0), (0, LEG)])
        changes: list[dict[str, object]] = [{}, {"modifier": moment.ends, "name": name_of("")}]
    else:
        way = route([(0, 0), (0, LEG), *_beyond(moment)])
        changes = [{}, moment.fields, {"name": name_of(JIANGSU)}, {}]
    changes[0] = {"name": name_of("华山路")}
    maneuvers = (
        msgspec.structs.replace(one, **change) for one, change in zip(way.maneuvers, changes, strict=True)
    )
    return msgspec.structs.replace(way, maneuvers=tuple(maneuvers))


def _beyond(moment: Moment) -> list[XY]:
    """Corners behind the maneuver: one more to the right, and the end."""
    angle = math.radians(moment.turn)
    first = moment.second_m or 400.0
    corner = (first * math.sin(angle), LEG + first * math.cos(angle))
    end = (corner[0] + 90 * math.cos(angle), corner[1] - 90 * math.sin(angle))
    return [corner, end]


def scene(moment: Moment, language: str) -> Scene:
    """What the HUD is told at that moment."""
    guide = Guide(made(moment), Words(language))
    now_ns = _walk(guide, moment.strays or ((0, 0), (0, moment.walked_m)), moment.stands_s)
    arrow = HeadArrow()
    arrow.hear(Heading(now_ns, -moment.looks % 360, moment.sd, -moment.looks % 360))
    signpost = Signpost()
    signpost.hear(Reading(now_ns, moment.sign), guide, now_ns)
    panel = guide.shown()
    assert panel is not None, f"nothing is shown at that moment: {moment}, {guide.following}"
    card = cue_card(panel, now_ns, arrow.pointing, signpost.text(guide, now_ns))
    told = arrow.update(make_pose(now_ns, (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), panel.bearing)
    return Scene(card, arrow=told.degrees if told else None)


def _walk(guide: Guide, corners: Sequence[XY], stands_s: float) -> int:
    """Along the corners with a place a second and no error; stands there for a while → nanoseconds at the end."""
    t = 1.0
    place = Place(round(t * NS), *latlon(corners[0]), 3.0, 0.0, None)
    guide.update(place)
    for (x0, y0), (x1, y1) in pairwise(corners):
        metres, course = math.dist((x0, y0), (x1, y1)), math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360
        steps = max(1, round(metres / SPEED))
        for step in range(1, steps + 1):
            t += 1.0
            share = step / steps
            at = latlon((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
            place = Place(round(t * NS), *at, 3.0, SPEED, course)
            guide.update(place)
    for _ in range(round(stands_s)):
        t += 1.0
        guide.update(msgspec.structs.replace(place, t_ns=round(t * NS), speed_mps=0.0, course_deg=None))
    return round(t * NS)


SCENES: dict[str, Scene] = {
    f"navigate_{language}_{name}": scene(moment, language)
    for language in LANGUAGES
    for name, moment in MOMENTS.items()
}
