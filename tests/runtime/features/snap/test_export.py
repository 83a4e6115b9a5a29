from __future__ import annotations

import json

from runtime.core.clock import VirtualClock
from runtime.features.snap.card import build_cards
from runtime.features.snap.export import result_to_json
from runtime.features.snap.pipeline import Tools, read_product
from runtime.features.snap.result import SnapResult
from tests.runtime.features.snap.fakes import FakeCode, FakeCodes, FakeText, FakeTracer, picture
from tests.runtime.features.snap.labels import PRICE_CARD


def test_the_object_of_a_photo_has_exactly_the_promised_keys() -> None:
    tools = Tools(FakeCodes(FakeCode()), FakeText(PRICE_CARD), VirtualClock(), FakeTracer())
    result = read_product([picture()], tools, lambda: False)
    found = json.loads(json.dumps(result_to_json(result, "card.jpg", build_cards(result, None))))
    assert list(found) == ["photo", "codes", "fields", "lines", "card", "ms"]
    assert found["photo"] == "card.jpg"
    assert found["codes"] == [
        {
            "gtin": "4006381333931",
            "symbology": "EAN-13",
            "certainty": "sure",
            "box": [[1, 2], [3, 2], [3, 4], [1, 4]],
        }
    ]
    assert found["fields"]["price"] == {"value": 5.8, "certainty": "sure", "crop": [126, 283, 97, 58]}
    assert found["fields"]["allergens"] == {"value": None, "certainty": "not read", "crop": None}
    assert found["lines"][7] == {
        "text": "10.0起", "box": [[255, 233], [304, 233], [304, 254], [255, 254]], "confidence": 0.96,
    }  # fmt: skip
    assert "from 5.8" in found["card"][0]


def test_an_empty_result_is_an_object_too() -> None:
    found = result_to_json(SnapResult(), "none.jpg")
    assert (found["codes"], found["lines"], found["card"]) == ([], [], [])
    assert {field["certainty"] for field in found["fields"].values()} == {"not read"}


def test_a_code_that_names_no_product_is_not_listed() -> None:
    assert result_to_json(SnapResult((FakeCode(""), FakeCode())))["codes"][0]["gtin"] == "4006381333931"
