"""``browline console``: talk to running glasses.

In a terminal it is a window on the glasses' own line editor, and comes back by itself when they do; piped, or with
``-c``, it asks in JSON and exits with the command's status. ``--push ROUTE`` sends a route from here to the glasses.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from drivers.base import DeviceLostError, DriverError
from drivers.serial.base import ByteStream
from drivers.serial.choose import connect
from drivers.serial.port import list_ports
from tools.folders import data_folder
from tools.talk import Conversation, NobodyError, Said, interact

PART = 24_000  # bytes in a line: 32 000 characters of base64, fewer than the glasses take


def configure(parser: argparse.ArgumentParser) -> None:
    """Where, and what to ask."""
    parser.add_argument("port", nargs="?", help="a serial port or tcp:PORT; found when left out")
    parser.add_argument("-c", dest="lines", action="append", metavar="LINE", help="ask this and end")
    parser.add_argument("--push", type=Path, metavar="ROUTE", help="send this route to the glasses and end")
    parser.add_argument("--json", action="store_true", help="answers as JSON lines")
    parser.add_argument("--baud", type=int, default=1_500_000)
    parser.add_argument("--data", type=Path, help="the data folder of glasses in the simulator")


def main(options: argparse.Namespace) -> int:
    """0 when every command succeeded, 1 when one did not, 2 when nobody could be reached."""
    try:
        port = options.port or find_port(data_folder(options.data))
        if options.push is not None:
            return push(
                connect(port, options.baud), options.push.name, options.push.read_bytes(), options.json
            )
        if options.lines is None and sys.stdin.isatty() and sys.stdout.isatty() and not options.json:
            return interact(port, lambda: connect(port, options.baud))
        return ask(connect(port, options.baud), options.lines or sys.stdin, options.json)
    except (DriverError, NobodyError) as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2


def find_port(data: Path) -> str:
    """The console of glasses that run on this machine, else the one USB serial port. Raises NobodyError."""
    link = data / "console"
    if link.exists():
        return str(link)
    boards = [port for port in list_ports() if port.chance > 0]
    likeliest = [port.device for port in boards if port.chance == boards[0].chance]
    if len(likeliest) == 1:
        return likeliest[0]
    if likeliest:
        raise NobodyError(f"which port? browline console {' | '.join(likeliest)}")
    raise NobodyError("no glasses run here and no USB serial port is plugged in: start them with ./run")


def ask(stream: ByteStream, lines: Iterable[str], as_json: bool) -> int:
    """Ask each line in turn. 0 when all succeeded, else 1. Raises DeviceLostError, NobodyError."""
    failed = False
    with _closing(stream), Conversation(stream) as conversation:
        for line in lines:
            for said in conversation.ask(line.strip()):
                failed |= not _show(said, as_json)
    return int(failed)


def push(stream: ByteStream, name: str, data: bytes, as_json: bool) -> int:
    """Send a route, and show the last answer. 0 when it was taken, else 1. Raises DeviceLostError, NobodyError."""
    parts = (base64.b64encode(data[at : at + PART]).decode() for at in range(0, len(data), PART))
    end = f"end {shlex.quote(' '.join(name.split()))}"  # one line, whatever the file is called
    with _closing(stream), Conversation(stream) as conversation:
        for line in (f"begin {len(data)}", *parts, end):
            *_, said = conversation.ask(f"nav push {line}")
            if not said.ok:
                break
    return int(not _show(said, as_json))


@contextlib.contextmanager
def _closing(stream: ByteStream) -> Iterator[None]:
    """Close it in the end; what was lost on the way is the glasses."""
    try:
        yield
    except DeviceLostError as error:
        raise DeviceLostError(f"the glasses went away: {error}") from error
    finally:
        stream.close()


def _show(said: Said, as_json: bool) -> bool:
    """Print it; False when it says that something failed."""
    text = said.raw if as_json else said.text
    if text:
        print(text, file=sys.stderr if said.ok is False and not as_json else sys.stdout, flush=True)
    return said.ok is not False
