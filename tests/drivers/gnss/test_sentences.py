from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gnss.lines import LONGEST, Lines
from drivers.gnss.sentences import ChecksumError, Said, SentenceError, read_sentence
from tests.drivers.gnss.said import gga, line


def read(body: str) -> Said:
    said = read_sentence(line(body).decode().strip())
    assert said is not None
    return said


def test_gga_in_the_standards_own_example() -> None:
    said = read_sentence("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47")
    assert said is not None
    assert (said.stamp_s, said.good, said.satellites, said.hdop) == (45_319, True, 8, 0.9)
    assert (said.latitude, said.longitude) == pytest.approx((48.1173, 11.516667))
    assert said.altitude_m == 545.4


def test_rmc_speed_course_and_date() -> None:
    said = read("GPRMC,225446.50,A,4916.45,S,12311.12,W,010.0,360.0,191126,020.3,E,A")
    assert (said.latitude, said.longitude) == pytest.approx((-49.274167, -123.185333))
    assert said.speed_mps == pytest.approx(5.14444, abs=1e-4)
    assert (said.course_deg, said.date, said.stamp_s) == (0.0, datetime.date(2026, 11, 19), 82_486.5)
    assert read("GPRMC,,V,,,,,,,010195,,").date == datetime.date(1995, 1, 1)


@pytest.mark.parametrize("talker", ["GP", "GL", "GA", "GB", "BD", "GN"])
def test_every_constellations_talker(talker: str) -> None:
    said = read(f"{talker}GNS,122310.0,3722.425671,N,12258.856215,W,DAAN,14,0.9,1005.543,6.5,5.2,23")
    assert (said.talker, said.good, said.satellites, said.hdop) == (talker, True, 14, 0.9)
    assert said.longitude == pytest.approx(-122.98093692)


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ("GPGGA,123519,4807.038,N,01131.000,E,0,,,,M,,M,,", False),
        ("GPGGA,123519,4807.038,N,01131.000,E,2,08,1,,M,,M,,", True),
        ("GPGGA,123519,4807.038,N,01131.000,E,6,08,1,,M,,M,,", False),  # estimated
        ("GPGGA,123519,4807.038,N,01131.000,E,7,08,1,,M,,M,,", False),  # typed in
        ("GPGGA,123519,4807.038,N,01131.000,E,8,08,1,,M,,M,,", False),  # simulated
        ("GPRMC,1235,V,,,,,,,,,".replace("1235", "123519"), False),
        ("GPRMC,123519,A,4807.038,N,01131.000,E,1,2,230326,,,E", False),
        ("GPRMC,123519,A,4807.038,N,01131.000,E,1,2,230326,,,D", True),
        ("GNGNS,123519,4807.038,N,01131.000,E,NN,00,99.99,,,,", False),
        ("GNGLL,4807.038,N,01131.000,E,123519,A,A", True),
        ("GNGLL,,,,,123519,V,N", False),
    ],
)
def test_whether_the_receiver_stands_by_it(body: str, good: bool) -> None:
    assert read(body).good is good


def test_the_rest_of_what_is_asked() -> None:
    vtg = read("GPVTG,054.7,T,034.4,M,005.5,N,010.2,K")
    assert vtg.course_deg == 54.7
    assert vtg.speed_mps == pytest.approx(2.829, abs=1e-3)
    assert read("GNGSA,A,3,80,71,73,79,69,,,,,,,,1.83,1.09,1.47").hdop == 1.09
    assert read("GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99").hdop is None
    assert read("GPGST,082356.00,1.8,,,,3.0,4.0,2.2").sd_m == pytest.approx(12.5**0.5)
    assert read("GPGSV,3,1,11,03,03,111,00,04,15,270,00").in_view == 11
    assert read("GPZDA,201530.00,04,07,2026,00,00").date == datetime.date(2026, 7, 4)


@pytest.mark.parametrize(
    "body",
    [
        "GPGGA,123519,4807.038,,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",  # which hemisphere?
        "GPGGA,123519,4860.000,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,9100.000,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,4807.038,N,18131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,nan,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,4807.038,N,01131.000,E,1,08,inf,545.4,M,46.9,M,,",
        "GPGGA,246060,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,12.5,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPRMC,123519,A,4807.038,N,01131.000,E,-1,084.4,230326,003.1,W",
        "GPRMC,123519,A,4807.038,N,01131.000,E,1,384.4,230326,003.1,W",
        "GPRMC,123519,A,4807.038,N,01131.000,E,1,084.4,310226,003.1,W",
        "GPVTG,054.7,034.4,005.5,010.2",
        "GPZDA,201530.00,04,13,2026,00,00",
    ],
)
def test_a_field_that_makes_no_sense_is_an_error_that_names_the_sentence(body: str) -> None:
    with pytest.raises(SentenceError, match=body[2:5]):
        read(body)


@pytest.mark.parametrize("text", ["$GPGGA,1*00", "$GPGGA,1", "$PUBX,00*00"])
def test_a_sum_that_is_wrong_or_missing(text: str) -> None:
    with pytest.raises(ChecksumError):
        read_sentence(text)


def test_what_nobody_asks_is_passed_over() -> None:
    for body in ("PMTK010,001", "GPTXT,01,01,02,ANTSTATUS=OK", "AIVDM,1,1,,B,1", "HCHDG,98.3,0.0,E,12.6,W"):
        assert read_sentence(line(body).decode().strip()) is None


@given(st.text(max_size=100))
def test_any_text_gives_one_of_the_two_errors(text: str) -> None:
    for candidate in (text, f"${text}", line(text).decode()[:-2] if text.isascii() else text):
        try:
            read_sentence(candidate)
        except (ChecksumError, SentenceError) as error:
            assert len(str(error)) < 200


FIELD = st.one_of(st.just(""), st.from_regex(r"[0-9.]{1,12}", fullmatch=True), st.sampled_from("ANVTMEWSK01"))


@given(
    st.sampled_from(["GGA", "RMC", "GNS", "GLL", "VTG", "GSA", "GSV", "GST", "ZDA"]),
    st.lists(FIELD, max_size=24),
)
def test_any_fields_give_values_in_range_or_the_error(kind: str, fields: list[str]) -> None:
    try:
        said = read_sentence(line(f"GN{kind},{','.join(fields)}").decode().strip())
    except SentenceError:
        return
    assert said is not None
    assert said.latitude is None or -90 <= said.latitude <= 90
    assert said.longitude is None or -180 <= said.longitude <= 180
    assert said.speed_mps is None or 0 <= said.speed_mps < 1e6
    assert said.course_deg is None or 0 <= said.course_deg < 360


@given(st.lists(st.binary(max_size=400), max_size=30))
def test_lines_take_any_bytes_in_bounded_memory(chunks: list[bytes]) -> None:
    lines, kept = Lines(), 0
    for chunk in chunks:
        for text in lines.feed(chunk):
            assert text.text.startswith("$") and len(text.text) <= LONGEST
            kept += len(text.text)
        assert len(lines._rest) <= LONGEST
    assert lines.garbage + kept <= sum(map(len, chunks))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_a_sentence_is_found_however_it_is_cut(cuts: list[int]) -> None:
    data, lines, found, at = b"\xff\x00junk" + gga() + b"$GPRMC,1235" + gga("123520"), Lines(), [], 0
    for cut in [*cuts, len(data)]:
        found += [s.text for s in lines.feed(data[at : at + cut])]
        at += cut
    assert found == [gga().decode().strip(), gga("123520").decode().strip()]
    assert lines.garbage == len(b"\xff\x00junk$GPRMC,1235")


def test_ten_kilobytes_without_an_end_are_counted_and_forgotten() -> None:
    lines = Lines()
    for _ in range(100):
        assert lines.feed(b"$" + b"A" * 99) == []
    assert len(lines._rest) <= LONGEST
    assert lines.feed(b"A" * 10_000) == []
    assert len(lines._rest) == 0
    assert lines.garbage == 20_000
    assert [s.text for s in lines.feed(b"\n" + gga())] == [gga().decode().strip()]


def test_how_long_ago_a_sentence_began() -> None:
    first, second = gga(), gga("123520")
    ages = [s.age_bytes for s in Lines().feed(b"xx" + first + second + b"$GP")]
    assert ages == [len(first) + len(second) + 3, len(second) + 3]
