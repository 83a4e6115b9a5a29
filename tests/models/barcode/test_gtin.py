from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.barcode.gtin import GtinError, check_digit, expand_upce, is_valid, normalise


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("400638133393", "1"),
        ("978044101498", "9"),
        ("03600029145", "2"),
        ("9638507", "4"),
        ("629104150021", "3"),
    ],
)
def test_check_digits_of_known_codes(body: str, check: str) -> None:
    assert check_digit(body) == check
    assert is_valid(body + check)


def test_upca_gets_a_leading_zero_and_ean8_stays() -> None:
    assert normalise("036000291452") == "0036000291452"
    assert normalise("4006381333931") == "4006381333931"
    assert normalise("96385074") == "96385074"


# GS1 General Specifications figure 5.2.2.4.2-1, one of each kind of zero suppression
@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("01234505", "0012000003455"),
        ("01234531", "0012300000451"),
        ("01234543", "0012340000053"),
        ("01234558", "0012345000058"),
        ("01234565", "0012345000065"),
    ],
)
def test_upce_gets_its_zeros_back(short: str, full: str) -> None:
    assert expand_upce(short) == full


@pytest.mark.parametrize("bad", ["", "12", "40063813339x1", "4006381333930", "٤٠٠٦٣٨١٣٣٣٩٣١"])
def test_what_is_no_gtin_is_refused_and_says_why(bad: str) -> None:
    assert not is_valid(bad)
    with pytest.raises(GtinError, match=r"GTIN has|check digit of"):
        normalise(bad)


@pytest.mark.parametrize("bad", ["", "21234565", "0123456", "01234566", "0123456x"])
def test_what_is_no_upce_is_refused(bad: str) -> None:
    with pytest.raises(GtinError):
        expand_upce(bad)


def test_a_check_digit_needs_digits() -> None:
    with pytest.raises(GtinError, match="digits only"):
        check_digit("12a")


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, by: int) -> None:
    code = body + check_digit(body)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert is_valid(code) and not is_valid(wrong)
