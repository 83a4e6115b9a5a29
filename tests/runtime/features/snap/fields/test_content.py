from __future__ import annotations

import pytest

from runtime.features.snap.fields.content import read_content
from runtime.features.snap.fields.text import see
from tests.runtime.features.snap.labels import label, line


@pytest.mark.parametrize(
    ("text", "value", "certainty"),
    [
        ("净含量: 250克", "250 g", "sure"),
        ("净含量：500毫升", "500 ml", "sure"),
        ("500 ml e", "500 ml", "sure"),
        ("500 ml ℮", "500 ml", "sure"),
        ("NET WT 12 OZ (340g)", "340 g", "sure"),
        ("NET WT 12 OZ (430g)", "430 g", "probable"),
        ("Net 6 x 330 ml", "6×330 ml", "sure"),
        ("规格: 500g×2", "2×500 g", "sure"),
        ("净含量 25Og", "250 g", "probable"),
        ("Füllmenge 1,5 l", "1.5 l", "sure"),
        ("Net 16 fl oz", "16 fl oz", "sure"),
        ("250g", "250 g", "probable"),
        ("Füllmenge 1 le", "1 l", "sure"),
        ("500ge", "500 g", "sure"),
    ],
)
def test_the_net_content(text: str, value: str, certainty: str) -> None:
    field = read_content(see(label(text)))["net_content"]
    assert (field.value, field.certainty) == (value, certainty)


@pytest.mark.parametrize(
    "text",
    [
        "per 100 g",
        "Protein 5 g",
        "¥12.5/500g",
        "脂肪 3.2g",
        "1 kg = 3,98 €",
        "take 5 g daily with water",
    ],
)
def test_a_rate_or_a_nutrient_is_not_the_content(text: str) -> None:
    assert read_content(see(label(text))) == {}


def test_the_cue_may_stand_beside() -> None:
    field = read_content(see([line("净含量", 10, 10), line("250克", 80, 10)]))["net_content"]
    assert (field.value, field.certainty, field.crop) == ("250 g", "sure", (10, 10, 123, 20))


def test_a_cue_beats_a_bigger_lone_quantity() -> None:
    lines = [line("100g", 10, 10, 60), line("Net weight 250 g", 10, 100, 15)]
    assert read_content(see(lines))["net_content"].value == "250 g"
