"""``browline bench SUITE``: the promises, measured here and now."""

from __future__ import annotations

import argparse

from tools.bench import suites
from tools.bench.figures import report


def configure(parser: argparse.ArgumentParser) -> None:
    """Which suite, and which of its parts."""
    parser.add_argument("suite", choices=sorted(suites.SUITES), help="what to measure")
    parser.add_argument("--only", metavar="PART", action="append", help="only this part; may be given again")


def main(options: argparse.Namespace) -> int:
    """Measure and print. 1 when a bar is missed."""
    return report(suites.chosen(options.suite, options.only))
