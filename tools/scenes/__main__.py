"""``python -m tools.scenes [--out DIR]``: render the pictures of the simulator's shelf."""

from __future__ import annotations

import argparse
from pathlib import Path

import drivers.sim
from tools.scenes.render import render_shelf

SCENES = Path(drivers.sim.__file__ or "").parent / "scenes"


def main(arguments: list[str] | None = None) -> int:
    """Render into ``--out``, by default where the simulator looks; 0, or 1 when it can't be written."""
    parser = argparse.ArgumentParser(prog="python -m tools.scenes", description=__doc__)
    parser.add_argument("--out", type=Path, default=SCENES, help="the folder for the pictures and truth.json")
    out: Path = parser.parse_args(arguments).out
    try:
        truths = render_shelf(out)
    except OSError as error:
        print(f"{out}: {error.strerror}; choose another folder with --out")
        return 1
    for name, truth in truths.items():
        print(f"{out / name}.jpg  {truth.gtin}  {truth.brand} {truth.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
