"""``browline serve [MODEL]``: a built model behind OpenAI's chat API on this computer."""

from __future__ import annotations

import argparse
import sys

from models.base import ModelError
from tools.qwen import open_model
from tools.serve.server import Server


def configure(parser: argparse.ArgumentParser) -> None:
    """Which model and where."""
    parser.add_argument("model", nargs="?", help="a name from `browline models list`, or a folder")
    parser.add_argument("--port", type=int, default=8765, help="on 127.0.0.1 (8765); 0 takes a free one")
    parser.add_argument("--threads", type=int, default=2)


def main(options: argparse.Namespace) -> int:
    """Serves until Ctrl-C. 1: there is no such model; 2: the port can't be had."""
    try:
        engine = open_model(options.model, options.threads)
    except ModelError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 1
    try:
        server = Server(engine, options.port)
    except (OSError, OverflowError) as error:
        print(
            f"browline: port {options.port} can't be had ({error}): choose another with --port",
            file=sys.stderr,
        )
        return 2
    with server:
        print(
            f"{engine.folder.about.name} at http://127.0.0.1:{server.server_port}/v1 (Ctrl-C ends it)",
            flush=True,
        )
        server.serve_forever()
    return 0
