"""``browline run``: the glasses on a board or in the simulator.

In a terminal the simulator shows the HUD and takes the wearer's keys; without one it plays the scenario once on
virtual time, writes the HUD's pictures and a summary, and ends.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from boards.detect import detect
from boards.load import BoardError, load
from boards.spec import Board
from drivers.base import ConfigError, DriverError
from models.base import ModelError
from runtime.core.errors import RuntimeFault
from tools import simulator
from tools.folders import data_folder
from tools.saying import Talk, prepare


def configure(parser: argparse.ArgumentParser) -> None:
    """Board, overrides, and what stands before the simulated eyes."""
    parser.add_argument("--board", help="a board's name; detected, else sim")
    parser.add_argument("--override", type=Path, action="append", default=[], help="a TOML over the board's")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="display.width=480")
    parser.add_argument("--scenario", type=Path, help="what happens in the simulated world")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="put these photos before the glasses")
    parser.add_argument("--camera", metavar="N", help="look through this computer's camera")
    parser.add_argument(
        "--say",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="sound files that are said to the glasses",
    )
    parser.add_argument("--microphone", metavar="DEVICE", help='this computer\'s microphone: "default"')
    parser.add_argument(
        "--translate", default="", metavar="LANG", help="of what is said: en by Whisper alone"
    )
    parser.add_argument("--data", type=Path, help="where the wearer's things are kept")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where pictures are written")
    parser.add_argument("--once", action="store_true", help="play the scenario once even in a terminal")
    parser.add_argument("--seconds", type=_seconds, help="how long to play (virtual time)")


def main(options: argparse.Namespace) -> int:
    """0 when it ended well; 2 when board, scenario or model can't be used."""
    try:
        board = _board(options)
        if board.name != "sim" and not board.name.startswith("sim-"):
            return _on_board(board, options)
        live = sys.stdout.isatty() and sys.stdin.isatty() and not options.once
        talk = _talk(board, options, live=live)
        scenario = simulator.choose_scenario(options.scenario, options.photos, talk=talk is not None)
        if live:
            return simulator.live(board, scenario, data_folder(options.data), talk)
        return simulator.play_once(board, scenario, options.out, options.seconds, talk)
    except (BoardError, DriverError, RuntimeFault, ModelError) as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2


def _on_board(board: Board, options: argparse.Namespace) -> int:
    if options.say or options.translate or options.microphone:
        raise ConfigError(
            f"--say, --microphone and --translate are for the simulator, and this is {board.name}: speak, and type "
            "`captions on` and `captions translate en` at its console"
        )
    return simulator.on_board(board, data_folder(options.data))


def _talk(board: Board, options: argparse.Namespace, *, live: bool) -> Talk | None:
    """What is said and heard in the simulator; None where captions are as the wearer left them."""
    if not (options.say or options.microphone or options.translate):
        return None
    if not (options.say or options.microphone):
        raise ConfigError("--translate: of what? --say FILE, or --microphone default")
    if options.microphone and not live:
        raise ConfigError("--microphone is heard in real time: run it in a terminal, without --once")
    if options.microphone and options.say:
        raise ConfigError("--say speaks to the simulator's own microphone: leave --microphone out")
    if board.microphone is None:
        raise ConfigError(f"{board.name} has no microphone: leave --say and --translate out")
    return prepare(options.say, options.translate, lambda text: print(f"browline: {text}", file=sys.stderr))


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("give a number of seconds above 0")
    return value


def _board(options: argparse.Namespace) -> Board:
    settings = list(options.set)
    if options.camera is not None:
        settings += ["camera.compatible=linux,v4l2-camera", f'camera.device="{options.camera}"']
    if options.microphone is not None:
        settings += [
            "microphone.compatible=linux,alsa-capture",
            f'microphone.device="{options.microphone}"',
        ]
    name = options.board or os.environ.get("BROWLINE_BOARD") or detect() or "sim"
    return load(name, options.override, settings)
