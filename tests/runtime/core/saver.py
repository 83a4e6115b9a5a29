"""A child for the kill test: saves in a loop and prints what is confirmed, until it is killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runtime.core.clock import RealClock
from runtime.core.log import LogRing, make_logger
from runtime.core.store import Store


def confirm(words: str) -> None:
    """One write, so that a kill does not cut it in two."""
    os.write(1, f"{words}\n".encode())


def main(path: Path) -> None:
    clock = RealClock()
    store = Store(path, clock, make_logger(clock, LogRing()))
    while True:
        saved = store.save_snap("title", '{"price": 5.8}', b"\xff\xd8" + bytes(20_000))
        confirm(f"snap {saved}")
        store.set("count", saved)
        confirm(f"set {saved}")
        if saved % 3 == 0:
            store.forget_snap(saved - 1)
            confirm(f"forgot {saved - 1}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
