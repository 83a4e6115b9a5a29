from __future__ import annotations

import pytest

from runtime.features.snap.fields.dates import blank, find, read_dates
from runtime.features.snap.fields.text import normalise, see
from tests.runtime.features.snap.labels import label, line


@pytest.mark.parametrize(
    ("text", "kind", "value", "certainty"),
    [
        ("生产日期 2026/03/01", "produced", "2026-03-01", "sure"),
        ("生产日期：20260301", "produced", "2026-03-01", "sure"),
        ("生产日期:2026年3月1日", "produced", "2026-03-01", "sure"),
        ("保质期至 2027.03.01", "best_before", "2027-03-01", "sure"),
        ("賞味期限 27.03.12", "best_before", "2027-03-12", "sure"),
        ("BEST BEFORE 03 2027", "best_before", "2027-03", "sure"),
        ("BEST BEFORE END: MAR 2027", "best_before", "2027-03", "sure"),
        ("BB 12 MAR 27", "best_before", "2027-03-12", "sure"),
        ("EXP 2027-03-12", "best_before", "2027-03-12", "sure"),
        ("EXP 25/12/2027", "best_before", "2027-12-25", "sure"),
        ("EXP 12/25/2027", "best_before", "2027-12-25", "sure"),
        ("EXP 03/04/2027", "best_before", "2027-04-03", "probable"),
        ("Use by 03/27", "best_before", "2027-03", "probable"),
        ("MHD 01.03.2027", "best_before", "2027-03-01", "sure"),
        ("mindestens haltbar bis: 01.03.27", "best_before", "2027-03-01", "sure"),
        ("À consommer avant le 12 févr. 2027", "best_before", "2027-02-12", "sure"),
        ("MFG 01 2026", "produced", "2026-01", "sure"),
        ("MHD 12.03.2027 L1234", "best_before", "2027-03-12", "sure"),
    ],
)
def test_a_date_with_its_cue(text: str, kind: str, value: str, certainty: str) -> None:
    fields = read_dates(see(label(text)))
    assert {name: (field.value, field.certainty) for name, field in fields.items()} == {
        kind: (value, certainty)
    }
    assert fields[kind].text == text
    assert fields[kind].crop is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("保质期12个月", "12 months"),
        ("保质期：18个月", "18 months"),
        ("保质期 180天", "180 days"),
        ("保质期十二个月", "12 months"),
        ("保质期二年", "2 years"),
        ("Shelf life: 24 months", "24 months"),
    ],
)
def test_a_shelf_life_is_no_date(text: str, value: str) -> None:
    fields = read_dates(see(label(text)))
    assert {name: field.value for name, field in fields.items()} == {"shelf_life": value}


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2027",
        "2027-13-01",
        "10.0",
        "5.8",
        "12.50",
        "1990-01-01",
        "L20261123",
        "BEST BEFORE: SEE LID",
        "活动时间 2026.3.1",
    ],
)
def test_what_no_calendar_has_is_no_date(text: str) -> None:
    assert read_dates(see(label(text))) == {}


def test_a_date_on_the_line_below_its_cue() -> None:
    fields = read_dates(see(label("BEST BEFORE", "12 MAR 2027")))
    assert fields["best_before"].value == "2027-03-12"
    assert fields["best_before"].text == "BEST BEFORE 12 MAR 2027"
    assert fields["best_before"].crop == (10, 10, 121, 50), "cue and date"


def test_a_date_right_of_its_cue() -> None:
    fields = read_dates(
        see(
            [line("EXP", 10, 10), line("2027.03.12", 60, 12), line("MFG", 10, 50), line("2026.03.12", 60, 52)]
        )
    )
    assert (fields["best_before"].value, fields["produced"].value) == ("2027-03-12", "2026-03-12")


def test_two_cues_in_one_line() -> None:
    fields = read_dates(see(label("MFG 2026-03-01 EXP 2027-03-01")))
    assert (fields["produced"].value, fields["best_before"].value) == ("2026-03-01", "2027-03-01")


def test_nothing_announces_it_then_its_meaning_stays_open() -> None:
    fields = read_dates(see(label("2027-03-01")))
    assert (fields["date"].value, fields["date"].certainty) == ("2027-03-01", "probable")


def test_two_different_dates_of_one_kind_are_probable() -> None:
    field = read_dates(see(label("BB 2027-03-01", "BB 2027-04-01")))["best_before"]
    assert field.certainty == "probable"
    assert [other.value for other in field.others] == ["2027-04-01"]


def test_dates_out_of_order_are_probable() -> None:
    fields = read_dates(see(label("MFG 2027-03-01", "EXP 2026-03-01")))
    assert {field.certainty for field in fields.values()} == {"probable"}


def test_a_weak_reading_is_probable() -> None:
    assert read_dates(see(label("EXP 2027-03-12", confidence=0.7)))["best_before"].certainty == "probable"


def test_an_ambiguous_date_keeps_every_reading_open() -> None:
    (one,) = find("05.06.27")
    assert one.doubt
    assert not find("05.06.27", "MHD")[0].doubt


def test_blanking_keeps_the_places() -> None:
    text = normalise("到 2026.03.01 ¥5")
    assert blank(text) == "到            ¥5"


@pytest.mark.parametrize(
    "text", ["Bestbefore.2028-02-06", "Best before:2028-02-06", "BBE,2028.02.06", "保质期至/2028-02-06"]
)
def test_a_blank_that_was_read_as_a_stop_costs_no_year(text: str) -> None:
    (found,) = find(text, "Best before")
    assert (found.value, found.doubt) == ("2028-02-06", False)


def test_a_date_without_its_year_is_open() -> None:
    assert all(one.doubt for one in find("02/06", "Best before"))
    assert find("20 8-02-06", "Best before") == [] or all(
        one.doubt for one in find("20 8-02-06", "Best before")
    )
