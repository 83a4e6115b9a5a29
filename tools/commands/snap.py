"""``browline snap PHOTO…``: read products on files along the same path as the glasses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from boards.spec import Compute
from drivers.base import DriverError
from drivers.camera.decode import load_picture
from models.barcode.reader import BarcodeReader
from models.base import ModelError
from runtime.core.clock import RealClock
from runtime.core.messages import Card
from runtime.core.trace import Tracer
from runtime.features.snap.card import build_cards
from runtime.features.snap.catalogue import Catalogue
from runtime.features.snap.demo import demo_products
from runtime.features.snap.export import result_to_json
from runtime.features.snap.lookup import product_of
from runtime.features.snap.pipeline import Tools, read_product
from runtime.features.snap.result import SnapResult
from runtime.sense.reading import open_text
from tools.commands.models import open_store
from tools.folders import open_catalogue
from tools.pictures import save_card

LIMIT_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """The photos and how to say what was read."""
    parser.add_argument("photo", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object a photo")
    parser.add_argument("--hud", type=Path, metavar="PNG", help="write the card as the wearer would see it")
    parser.add_argument("--data", type=Path, help="the glasses' data folder")


def main(options: argparse.Namespace) -> int:
    """0 also when nothing was read; 2 when a file can't be."""
    clock = RealClock()
    tools = open_tools(clock)
    status = 0
    with open_catalogue(options.data) as catalogue:
        for path in options.photo:
            try:
                image = load_picture(path)
            except DriverError as error:
                print(f"browline: {error}", file=sys.stderr)
                status = 2
                continue
            start_ns = clock.now_ns()
            result = read_product([image], tools, partial(_late, clock, start_ns))
            cards = cards_of(result, catalogue)
            _say(path, result, cards, options.json)
            if options.hud:
                save_card(options.hud, cards[0])
    return status


def open_tools(clock: RealClock) -> Tools:
    """Both readers, loaded; without the text model (said once) bar codes alone are read."""
    try:
        text = open_text(open_store(), Compute(), lambda note: print(note, file=sys.stderr))
    except ModelError as error:
        print(f"browline: text is not read: {error}", file=sys.stderr)
        return Tools(BarcodeReader(None), None, clock, Tracer(clock))
    return Tools(BarcodeReader(text.recogniser), text, clock, Tracer(clock))


def cards_of(result: SnapResult, catalogue: Catalogue) -> Sequence[Card]:
    """The cards, with what the catalogue or the demo's own products know of the code."""
    product, note = product_of(result, catalogue)
    if product is None:
        gtins = {code.gtin for code in result.products}
        product = next((demo for demo in demo_products() if demo.gtin in gtins), None)
    return build_cards(result, product, note)


def _late(clock: RealClock, start_ns: int) -> bool:
    return clock.now_ns() - start_ns > LIMIT_S * 1e9


def _say(path: Path, result: SnapResult, cards: Sequence[Card], as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(result_to_json(result, str(path), cards)).decode(), flush=True)
        return
    print(f"{path}  ({result.ms.get('total', 0):.0f} ms)")
    for line in cards[0].lines:
        print(f"  {line.text}" + ("" if line.certainty == "sure" else f"   ({line.certainty})"))
