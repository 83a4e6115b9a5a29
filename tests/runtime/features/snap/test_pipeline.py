from __future__ import annotations

import pytest

from drivers.base import Rect
from models.base import BackendError
from runtime.core.clock import VirtualClock
from runtime.features.snap.pipeline import CODES_LOADING, TEXT_LOADING, Tools, read_product
from runtime.features.snap.result import NOT_READ, Field, UnreadFieldError
from tests.runtime.features.snap.fakes import FakeCode, FakeCodes, FakeText, FakeTracer, picture
from tests.runtime.features.snap.labels import PRICE_CARD


def tools(codes: FakeCodes | None = None, text: FakeText | None = None) -> Tools:
    return Tools(codes, text, VirtualClock(), FakeTracer())


def never() -> bool:
    return False


def test_codes_and_fields_are_read_and_each_stage_timed() -> None:
    given = tools(FakeCodes(FakeCode()), FakeText(PRICE_CARD))
    result = read_product([picture()], given, never)
    assert [code.gtin for code in result.codes] == ["4006381333931"]
    assert result.field("price").value == 5.8
    assert result.field("allergens") is NOT_READ
    assert list(result.ms) == ["pick", "codes", "text", "fields", "total"]
    assert isinstance(given.tracer, FakeTracer)
    assert given.tracer.names == ["snap.pick", "snap.codes", "snap.text", "snap.fields"]
    assert result.troubles == ()


def test_codes_see_several_frames() -> None:
    codes = FakeCodes(FakeCode())
    read_product([picture(i) for i in range(5)], tools(codes, FakeText()), never)
    assert len(codes.seen) == 3


def test_what_is_not_loaded_yet_is_said_and_the_rest_is_read() -> None:
    result = read_product([picture()], tools(FakeCodes(FakeCode())), never)
    assert [code.gtin for code in result.codes] == ["4006381333931"]
    assert [trouble.text for trouble in result.troubles] == [TEXT_LOADING]
    result = read_product([picture()], tools(None, FakeText(PRICE_CARD)), never)
    assert [trouble.text for trouble in result.troubles] == [CODES_LOADING]
    assert result.field("price").value == 5.8


def test_a_reader_that_fails_names_its_stage_and_spares_the_other() -> None:
    failing = BackendError("out of memory; close something")
    result = read_product([picture()], tools(FakeCodes(FakeCode()), FakeText(error=failing)), never)
    assert result.codes
    assert [(trouble.stage, "out of memory" in trouble.text) for trouble in result.troubles] == [
        ("text", True)
    ]
    result = read_product([picture()], tools(FakeCodes(error=failing), FakeText(PRICE_CARD)), never)
    assert result.lines
    assert [trouble.stage for trouble in result.troubles] == ["codes"]


def test_out_of_time_the_text_is_left_out_and_that_is_said() -> None:
    result = read_product([picture()], tools(FakeCodes(FakeCode()), FakeText(PRICE_CARD)), lambda: True)
    assert result.codes
    assert result.lines == ()
    assert "No time was left" in result.troubles[0].text


def test_nothing_read_gives_a_hint_from_the_picture() -> None:
    result = read_product([picture(level=0) // 8], tools(FakeCodes(), FakeText()), never)
    assert result.empty
    assert "too dark" in result.troubles[-1].text
    assert read_product([], tools(), never).troubles[0].stage == "camera"


@pytest.mark.parametrize("crop", [None, Rect(5, 5, 0, 10), Rect(5, 5, 10, 0)])
def test_a_field_without_a_crop_is_impossible(crop: Rect | None) -> None:
    with pytest.raises(UnreadFieldError, match="no crop shows it"):
        Field(value=5.8, text="5.8", certainty="sure", crop=crop, confidence=1.0)
    with pytest.raises(UnreadFieldError):
        Field(value=5.8, text="5.8", certainty="probable", crop=crop, confidence=1.0)
    with pytest.raises(UnreadFieldError):
        Field(value=None, text="", certainty="sure", crop=Rect(0, 0, 1, 1), confidence=1.0)
