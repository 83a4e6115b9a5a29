"""``python -m runtime``: the glasses as a service on their own board (systemd starts this)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from boards.detect import detect
from boards.load import BoardError, load
from drivers.base import DriverError
from runtime.app import Glasses, Options, serve
from runtime.core.clock import RealClock
from runtime.core.errors import RuntimeFault


def main() -> int:
    """``$BROWLINE_BOARD`` or the detected board; 2 when it can't be used."""
    name = os.environ.get("BROWLINE_BOARD") or detect()
    if name is None:
        print("browline: which board is this? Set BROWLINE_BOARD", file=sys.stderr)
        return 2
    data = Path(os.environ.get("BROWLINE_DATA") or "/var/lib/browline")
    clock = RealClock()
    try:
        options = Options(data=data, environ=os.environ, log=sys.stderr)
        serve(Glasses(load(name), clock, options), clock)
    except (BoardError, DriverError, RuntimeFault) as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
