from __future__ import annotations

import pytest

from runtime.features.snap.gtin import normal


@pytest.mark.parametrize(
    ("code", "gtin"),
    [
        ("4006381333931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("96385074", "96385074"),
        ("04006381333931", "4006381333931"),
        ("00000096385074", "96385074"),
        ("14006381333938", "14006381333938"),
        (" 4006381333931 ", "4006381333931"),
    ],
)
def test_a_gtin_has_one_form(code: str, gtin: str) -> None:
    assert normal(code) == gtin


@pytest.mark.parametrize(
    "code",
    [
        "",
        "4006381333932",
        "400638133393",
        "0000000000000",
        "40063813339x1",
        "٤006381333931",
        "1" * 24,
        "-4006381333931",
    ],
)
def test_what_is_no_gtin(code: str) -> None:
    assert normal(code) is None
