"""A child for the kill test: keeps what is said in a loop and prints what is confirmed, until it is killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runtime.core.clock import RealClock
from runtime.core.log import LogRing, make_logger
from runtime.features.captions.transcripts import Segment, Transcripts


def main(path: Path) -> None:
    """Every fourth transcript is deleted again."""
    clock = RealClock()
    transcripts = Transcripts(path, clock, make_logger(clock, LogRing()))
    while True:
        kept = transcripts.begin()
        for n in range(5):
            added = transcripts.add(
                kept, Segment(clock.wall_ns(), n, n + 1, f"第{n}句话 of {kept}", "zh", "words")
            )
            os.write(1, f"added {kept} {added}\n".encode())
        transcripts.end(kept)
        if kept % 4 == 0:
            os.write(1, f"deleting {kept}\n".encode())
            transcripts.delete(kept)
            os.write(1, f"deleted {kept}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
