"""What is read on the two real labels of the fixtures."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.camera.decode import load_picture
from runtime.core.clock import RealClock
from runtime.features.snap.pipeline import read_product
from runtime.features.snap.result import SnapResult
from tools.bench.figures import Figure, fixtures
from tools.commands.snap import open_tools


def measure() -> Iterator[Figure]:
    """The price card's two prices and the street sign's two names; 1 is read, 0 is not."""
    folder = fixtures() / "labels"
    if not folder.is_dir():
        return
    tools = open_tools(RealClock())

    def snap(name: str) -> SnapResult:
        return read_product([load_picture(folder / name)], tools, lambda: False)

    card, sign = snap("price_card_zh.jpg"), snap("street_sign_zh_en.jpg")
    text = " ".join(line.text for line in sign.lines)
    yield Figure("price card: price 5.8", card.field("price").value == 5.8, "", 1, "more")
    yield Figure("price card: 10.0起 kept apart", card.field("was_price").value == 10.0, "", 1, "more")
    yield Figure("street sign: 愚园路", "愚园路" in text, "", 1, "more")
    yield Figure("street sign: Yuyuan Rd.", "yuyuanrd" in text.lower().replace(" ", ""), "", 1, "more")
    yield Figure("price card: time", card.ms["total"], "ms")
