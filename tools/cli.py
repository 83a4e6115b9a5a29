"""``browline``: one command a file in ``tools/commands``; only the one that was asked for is imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from tools import pipe

COMMANDS = {
    "walk": "a simulated walk along a route: cues, a map, what the wearer saw",
    "replay": "a recorded walk through the glasses again: cues, a map, what was seen",
    "run": "start the glasses on a board or in the simulator",
    "snap": "read products on photos, as the glasses would",
    "doctor": "check what is attached and say the next thing to try",
    "console": "talk to running glasses, or ask them one thing",
    "models": "list, fetch, build and check models",
    "transcribe": "what is said in recordings, as text, JSON or subtitles",
    "listen": "captions of what this computer's microphone hears",
    "ask": "one answer of a language model",
    "chat": "talk with a language model",
    "serve": "a language model behind OpenAI's API on this computer",
    "catalogue": "import products from Open Food Facts, look one up",
    "bench": "measure the promises and print each figure beside its bar",
}


def usage() -> str:
    """The list of commands."""
    rows = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    return f"usage: browline COMMAND …\n\n{rows}\n\n`browline COMMAND --help` tells its options."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit status; 2 for a command line that can't be understood."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if words[0] in ("-V", "--version", "version"):
        print(f"browline {version('browline')}")
        return 0
    if words[0] not in COMMANDS:
        print(f"browline: there is no command {words[0]!r}\n\n{usage()}", file=sys.stderr)
        return 2
    command = import_module(f"tools.commands.{words[0]}")
    parser = argparse.ArgumentParser(prog=f"browline {words[0]}", description=COMMANDS[words[0]])
    command.configure(parser)
    try:
        parse = getattr(command, "parse", argparse.ArgumentParser.parse_args)
        status: int = command.main(parse(parser, words[1:]))
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `browline … | head`: the reader has had enough
        pipe.give_up()
        return 0
    except OSError as error:  # a folder that can't be made, a file that can't be written
        if error.filename is None:
            raise
        print(f"browline: {error.filename}: {error.strerror}; choose another place", file=sys.stderr)
        if error.filename == pipe.OUTPUT:
            pipe.give_up()
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
