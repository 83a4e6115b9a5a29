from __future__ import annotations

from typing import get_args

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message, VariableReference
from fluent.syntax.visitor import Visitor as FluentVisitor

from runtime.features.navigate.cues.panel import icon_name
from runtime.features.navigate.cues.words import (
    LANGUAGES,
    Words,
    WordsError,
    compass,
    in_language,
    round_metres,
    source,
)
from runtime.features.navigate.routes.route import Kind, Lane, Maneuver, Modifier, Name
from runtime.hud.maneuvers import MANEUVERS

YUYUAN = Name("愚园路", {"en": "Yuyuan Rd.", "zh-Hans": "愚园路"})
NAMELESS = Name("")
EN, ZH = Words("en"), Words("zh")


class Values(FluentVisitor):
    """Gathers the values that a message is filled in with."""

    def of(self, entry: Message) -> set[str]:
        self.names: set[str] = set()
        self.visit(entry)
        return self.names

    def visit_VariableReference(self, node: VariableReference) -> None:
        self.names.add(node.id.name)


def maneuver(
    kind: Kind, modifier: Modifier = "", name: Name = NAMELESS, exit: int = 0, towards: str = ""
) -> Maneuver:
    return Maneuver(kind, 100.0, (0.0, 0.0), 0.0, 90.0, modifier, name, towards, exit)


ALL = [
    maneuver(kind, modifier, name, exit)
    for kind in get_args(Kind)
    for modifier in get_args(Modifier)
    for name in (Name(""), YUYUAN)
    for exit in (0, 1, 4)
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_can_be_said_and_is_short_enough(language: str) -> None:
    words = Words(language)
    for one in ALL:
        whole = (
            words.cue(one),
            words.prepare(one, 58.0),
            words.cue(one, one),
            words.towards(one),
            words.arrived(one),
        )
        for text in whole:
            assert text == text.strip()
            assert "{" not in text
            assert text[0] == text[0].upper()
        assert len(words.short(one)) <= (46 if language == "en" else 16)
        assert icon_name(one) in MANEUVERS


def test_both_tables_have_the_same_messages_with_the_same_values() -> None:
    def shape(language: str) -> dict[str, set[str]]:
        body = FluentParser().parse(source(language)).body
        return {entry.id.name: Values().of(entry) for entry in body if isinstance(entry, Message)}

    assert shape("en") == shape("zh")
    assert len(shape("en")) > 30


def test_turns() -> None:
    left = maneuver("turn", "left", YUYUAN)
    assert EN.cue(left) == "Turn left onto Yuyuan Rd. 愚园路"
    assert ZH.cue(left) == "左转，进入愚园路"
    assert EN.cue(maneuver("turn", "sharp right")) == "Turn sharp right"
    assert ZH.cue(maneuver("turn", "slight left")) == "向左前方走"
    assert EN.cue(left, maneuver("turn", "right")) == "Turn left onto Yuyuan Rd. 愚园路, then turn right"
    assert ZH.cue(left, maneuver("turn", "right")) == "左转，进入愚园路，然后右转"
    assert EN.prepare(left, 57) == "In 60 m, turn left onto Yuyuan Rd. 愚园路"
    assert ZH.prepare(left, 57) == "60 米后左转，进入愚园路"


def test_a_continue_round_a_corner_says_the_turn() -> None:
    assert EN.cue(maneuver("continue", "right")) == "Turn right"
    assert EN.cue(maneuver("continue", "straight", YUYUAN)) == "Continue on Yuyuan Rd. 愚园路"


@pytest.mark.parametrize(("exit", "en"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th")])
def test_exits_have_ordinals(exit: int, en: str) -> None:
    one = maneuver("roundabout", "right", exit=exit)
    assert EN.cue(one) == f"At the roundabout, take the {en} exit"
    assert EN.short(one) == f"{en} exit"
    assert ZH.short(one) == f"第 {exit} 个出口"


def test_an_exit_without_a_number_is_none() -> None:
    assert EN.cue(maneuver("roundabout")) == "Enter the roundabout"


def test_the_end_has_a_side() -> None:
    assert EN.cue(maneuver("arrive", "left")) == "Arrive at your destination, on the left"
    assert EN.arrived(maneuver("arrive", "right")) == "Arrived: it is on the right"
    assert ZH.arrived(maneuver("arrive")) == "已到达目的地"


def test_on_the_way_to_the_end_nobody_has_arrived_yet() -> None:
    assert EN.short(maneuver("arrive")) == "Destination"
    assert EN.short(maneuver("arrive", "left")) == "Destination on the left"
    assert ZH.short(maneuver("arrive", "right")) == "目的地在右侧"


def test_a_fork_is_kept_to_one_side_of() -> None:
    assert EN.cue(maneuver("fork", "slight left", Name("A4"))) == "Keep left onto A4"
    assert ZH.short(maneuver("fork", "right")) == "靠右走"
    assert icon_name(maneuver("fork", "slight right")) == "keep-right"
    assert icon_name(maneuver("fork")) == "straight"


def test_what_a_sign_says_is_said() -> None:
    assert (
        EN.cue(maneuver("turn", "left", Name("A4"), towards="Airport")) == "Turn left onto A4 towards Airport"
    )
    assert EN.signed("", maneuver("turn", "left", towards="Airport")) == "Towards Airport"
    assert EN.signed("A4", maneuver("turn", "left", Name("A4"), towards="A4")) == "A4"


def test_words_stand_for_an_arrow_in_doubt() -> None:
    assert EN.towards(maneuver("turn", "left", Name("Yuyuan Rd."))) == "Towards Yuyuan Rd."
    assert ZH.towards(maneuver("turn", "left", YUYUAN)) == "往愚园路方向"
    assert EN.towards(maneuver("turn", "left")) == "Turn left"


def test_a_street_has_the_wearers_language_before_its_own_script() -> None:
    assert EN.name(YUYUAN) == "Yuyuan Rd. 愚园路"
    assert ZH.name(YUYUAN) == "愚园路"
    assert ZH.name(Name("Main St")) == "Main St"
    assert in_language(Name("x", {"zh_Hant": "愚園路"}), "zh") == "愚園路"


def test_pinyin_is_for_those_who_read_no_chinese() -> None:
    name = Name("愚园路", {"zh_pinyin": "Yúyuán Lù"})
    assert EN.names(name) == ("Yúyuán Lù", "愚园路")
    assert ZH.names(name) == ("愚园路", "")
    assert EN.names(Name("愚园路", {"zh-Latn": "Yúyuán Lù", "en": "Yuyuan Rd."})) == ("Yuyuan Rd.", "愚园路")


def test_lanes_are_counted_in_the_plural() -> None:
    take, leave = Lane(("left",), True), Lane(("straight",), False)
    assert EN.lanes((take, leave, leave)) == "Take the left lane"
    assert EN.lanes((take, take, leave)) == "Take the left 2 lanes"
    assert EN.lanes((leave, take, leave)) == "Take the middle lane"
    assert ZH.lanes((leave, take, take)) == "走右侧 2 条车道"
    assert ZH.lanes((leave, leave, take)) == "走最右侧车道"
    assert ZH.lanes((leave, take, leave)) == "走中间车道"
    assert EN.lanes((take, take)) == EN.lanes(()) == EN.lanes((take, leave, take)) == ""


@pytest.mark.parametrize(
    ("metres", "en", "zh"),
    [(0, "5 m", "5 米"), (12, "10 m", "10 米"), (48, "50 m", "50 米"), (58, "60 m", "60 米"),
     (244, "240 m", "240 米"), (333, "350 m", "350 米"), (990, "1 km", "1 公里"),
     (1234, "1.2 km", "1.2 公里"), (2_049, "2 km", "2 公里"),
     (9_960, "10 km", "10 公里"), (12_345, "12 km", "12 公里")],
)  # fmt: skip
def test_distances_are_rounded_as_people_say_them(metres: float, en: str, zh: str) -> None:
    assert (EN.distance(metres), ZH.distance(metres)) == (en, zh)


def test_rounding_never_goes_backwards() -> None:
    rounded = [round_metres(metres / 2) for metres in range(30_000)]
    assert rounded == sorted(rounded)


def test_winds() -> None:
    assert [compass(degree) for degree in (0, 44, 90, 181, 270, 359, -45)] == [
        "n",
        "ne",
        "e",
        "s",
        "w",
        "n",
        "nw",
    ]


def test_mistakes_are_said() -> None:
    with pytest.raises(WordsError, match="use one of en, zh"):
        Words("fr")
    with pytest.raises(WordsError, match="no message 'nonsense'"):
        EN.say("nonsense")
    with pytest.raises(WordsError, match="then"):
        EN.say("then")
