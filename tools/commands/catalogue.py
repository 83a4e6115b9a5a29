"""``browline catalogue``: import products from an Open Food Facts dump, or look one up."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from runtime.features.snap.catalogue import Catalogue
from runtime.features.snap.importer import Progress, import_dump
from runtime.features.snap.result import SnapError
from tools.folders import open_catalogue


def configure(parser: argparse.ArgumentParser) -> None:
    """``import FILE`` and ``show GTIN``."""
    parser.add_argument("--data", type=Path, default=None, help="the glasses' data folder")
    actions = parser.add_subparsers(dest="action", required=True)
    importing = actions.add_parser("import", help="a CSV or JSONL dump, plain or gzip; run again to go on")
    importing.add_argument("dump", type=Path)
    showing = actions.add_parser("show", help="what is known of one code")
    showing.add_argument("gtin")


def main(options: argparse.Namespace) -> int:
    """1: the product is unknown; 2: the dump or the catalogue can't be read."""
    try:
        with open_catalogue(options.data) as catalogue:
            if options.action == "import":
                return _import(catalogue, options.dump)
            return _show(catalogue, options.gtin)
    except SnapError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2


def _import(catalogue: Catalogue, dump: Path) -> int:
    summary = import_dump(dump, catalogue, _progress if sys.stderr.isatty() else lambda _: None)
    print(summary.text())
    for problem in summary.problems:
        print(problem, file=sys.stderr)
    return 0


def _progress(state: Progress) -> None:
    percent = 100 * state.done / max(1, state.total)
    print(f"\r{percent:5.1f} %  {state.summary.written:,} products", end="", file=sys.stderr, flush=True)


def _show(catalogue: Catalogue, gtin: str) -> int:
    product = catalogue.lookup(gtin)
    if product is None:
        print(f"{gtin} is not in the catalogue")
        return 1
    for name, value in msgspec.structs.asdict(product).items():
        print(f"{name:<12} {value}")
    return 0
