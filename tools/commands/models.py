"""``browline models``: what there is, fetch it, build a language model from a checkpoint, throw it away."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boards import load as boards
from models.base import ModelError
from models.language import memory_mb
from models.manifest import list_checkpoints, list_manifests
from models.qwen_vl.adapter import remove_adapter
from models.qwen_vl.folder import BITS
from models.store import ModelStore, cache_folder, ignore_progress
from tools.qwen import built_folder, describe, find_model, list_built
from tools.rebuilding import check_free, instead_of
from tools.speech import check_speech_room, describe_speech, list_built_speech

if TYPE_CHECKING:
    from tools.source import Checkpoint, Source

Step = Callable[[str, int, int], None]

SPEECH = "speech"  # the task of such a checkpoint's manifest
SPEECH_QUANTS = ("int8", "weights8", "none")
FIRST = ("ppocrv6-tiny", "silero-vad")  # what ``./run`` wants before it starts


def configure(parser: argparse.ArgumentParser) -> None:
    """``list``, ``pull``, ``build``, ``adapter``, ``remove``."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser(
        "list", help="every model: its size, whether it is here, which boards hold it"
    )
    listing.add_argument("--json", action="store_true", help="for programs")
    pull = actions.add_parser("pull", help="fetch and verify models")
    pull.add_argument("name", nargs="*", help="which; all when left out")
    pull.add_argument("--first", action="store_true", help="only those the glasses start with")
    build = actions.add_parser("build", help="make a model folder from a checkpoint")
    build.add_argument(
        "checkpoint",
        help="a folder with config.json and safetensors, a .gguf file, a short name out of `models list`, or a name "
        "of the Hugging Face hub: Qwen/Qwen3-0.6B",
    )
    build.add_argument("--quant", choices=("int8", "int4", "weights8", "none"), default="int8")
    build.add_argument(
        "--adapter", type=Path, metavar="FOLDER", help="merge this LoRA adapter (as PEFT saves it)"
    )
    build.add_argument("--name", help="what to call it; the checkpoint's name when left out")
    build.add_argument("--board", choices=boards.names(), help="refuse what this board can't hold")
    build.add_argument("--out", type=Path, metavar="FOLDER", help="make it here instead of in the cache")
    adapter = actions.add_parser(
        "adapter", help="keep a LoRA adapter beside a built model, to be switched on"
    )
    adapter.add_argument("model", help="a name from `browline models list`, or a built model's folder")
    adapter.add_argument("adapter", type=Path, metavar="FOLDER", help="the adapter as PEFT saves it")
    adapter.add_argument("--name", help="what to call it; the folder's name when left out")
    remove = actions.add_parser("remove", help="delete a model's files")
    remove.add_argument("name", nargs="+", help="a model, or MODEL:ADAPTER")


def open_store() -> ModelStore:
    """The store in this user's cache."""
    return ModelStore(cache_folder(os.environ), list_manifests(), time.sleep)


def main(options: argparse.Namespace) -> int:
    """1: a model could not be had."""
    try:
        store = open_store()
        match options.action:
            case "list":
                _list(store, as_json=options.json)
            case "pull":
                _pull(store, FIRST if options.first else options.name or list(list_manifests()))
            case "build":
                _build(options)
            case "adapter":
                _adapter(options)
            case "remove":
                for name in options.name:
                    _remove(store, name)
    except ModelError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 1
    return 0


def _list(store: ModelStore, *, as_json: bool) -> None:
    from tools import listing  # it imports onnx

    if as_json:
        print(msgspec.json.encode(listing.data(store)).decode())
        return
    for line in listing.lines(store):
        print(line)


def _build(options: argparse.Namespace) -> None:
    from tools import source  # it imports onnx: seconds that no other action needs
    from tools.export.whisper.checkpoint import is_whisper

    wanted = source.find(options.checkpoint)
    if wanted.listed:  # before anything is fetched for nothing
        check_free(_target(options, wanted, speech=wanted.listed.task == SPEECH))
    if options.board and options.quant in BITS:
        source.check_board(wanted, None, options.quant, options.board)
    checkpoint = source.fetch(wanted, _tell, _bar if sys.stderr.isatty() else ignore_progress)
    speech = is_whisper(checkpoint.path)
    if options.board and options.quant in BITS and not speech:
        source.check_board(wanted, checkpoint, options.quant, options.board)
    started = time.monotonic()
    make = _build_speech if speech else _build_language
    target = _target(options, wanted, speech=speech)
    progress = _step if sys.stderr.isatty() else ignore
    with instead_of(target, _tell), _ended_in_order(progress) as step:
        said, after = make(options, wanted, checkpoint, target, step)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print(f"{said} in {time.monotonic() - started:.0f} s")
    for line in after:
        _tell(line)


def _target(options: argparse.Namespace, wanted: Source, *, speech: bool) -> Path:
    """Where the built model goes; the speech model that captions take is called as its checkpoint is."""
    plain = wanted.plain if speech and options.quant == "int8" else f"{wanted.plain}-{options.quant}"
    folder: Path = options.out or built_folder() / (options.name or plain)
    return folder


def _build_language(
    options: argparse.Namespace, wanted: Source, checkpoint: Checkpoint, target: Path, step: Step
) -> tuple[str, list[str]]:
    """What was made, and what to say after it."""
    from tools.export.build import build
    from tools.hub_models import holders

    if options.quant not in BITS:
        raise ModelError(f"--quant {options.quant} is for speech models: take one of {', '.join(BITS)}")
    about = build(checkpoint.path, target, options.quant, step, options.adapter, checkpoint.origin)
    held = f"boards that hold it: {', '.join(holders(memory_mb(about))) or 'none'}"
    said = f"try: browline ask {about.name if options.out is None else target} 'Hello!'"
    return describe(target), [held, said]


def _build_speech(
    options: argparse.Namespace, wanted: Source, checkpoint: Checkpoint, target: Path, step: Step
) -> tuple[str, list[str]]:
    """The same of a model that listens."""
    from tools import source
    from tools.export.whisper.build import build_whisper

    if options.quant not in SPEECH_QUANTS:
        raise ModelError(f"--quant {options.quant} is for language models: take {', '.join(SPEECH_QUANTS)}")
    if options.adapter:
        raise ModelError("--adapter is for language models")
    if options.board:
        check_speech_room(checkpoint.path, options.quant, options.board)
    build_whisper(checkpoint.path, target, options.quant, step, checkpoint.origin)
    if wanted.listed:  # everything of it is in the built model
        source.open_checkpoints().remove(wanted.plain)
    return describe_speech(target), ["try: browline transcribe FILE, or ./run --say FILE"]


@contextmanager
def _ended_in_order(progress: Callable[[str, int, int], None]) -> Iterator[Callable[[str, int, int], None]]:
    """SIGTERM ends a build as Ctrl-C does, so that no half-made folder stays (SIGINT is ignored behind ``&``).

    A library that is being imported may swallow the exception: it is raised again at the next step.
    """
    asked = False

    def end(_number: int, _frame: object) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    def step(what: str, done: int, total: int) -> None:
        if asked:
            raise KeyboardInterrupt
        progress(what, done, total)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield step
    except ImportError:
        if asked:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(text: str) -> None:
    print(f"browline: {text}", file=sys.stderr)


def _adapter(options: argparse.Namespace) -> None:
    from tools.export.adapter import keep_adapter  # it imports onnx, too

    model = find_model(options.model)
    name = options.name or options.adapter.resolve().name
    about = keep_adapter(model, options.adapter, name)
    print(f"{name:<24} {about.data.bytes / 1e6:7.1f} MB  rank {about.rank}  for {model.name}")
    print(f"try: browline ask {options.model} --adapter {name} 'Hello!'", file=sys.stderr)


def _step(what: str, done: int, total: int) -> None:
    print(f"\r\033[K  {100 * done / max(1, total):3.0f} %  {what}", end="", file=sys.stderr, flush=True)


def ignore(_what: str, _done: int, _total: int) -> None:
    """A report of progress that nobody sees."""


def _remove(store: ModelStore, name: str) -> None:
    model, _, adapter = name.partition(":")
    if adapter:
        remove_adapter(find_model(model), adapter)
        return
    if name in (built := list_built() | list_built_speech()):
        shutil.rmtree(built[name])
        return
    store.remove(name)


def _pull(store: ModelStore, names: list[str] | tuple[str, ...]) -> None:
    for name in names:
        if name in list_checkpoints():
            raise ModelError(
                f"{name} is not run as it is: `browline models build {name}` fetches and builds it"
            )
        if store.manifest(name).name not in store.missing():
            continue
        print(f"browline: fetching {name}", file=sys.stderr)
        store.ensure(name, _bar if sys.stderr.isatty() else lambda done, total: None)


def _bar(done: int, total: int) -> None:
    end = "\n" if done >= total else ""
    print(f"\r  {100 * done / max(1, total):5.1f} %", end=end, file=sys.stderr, flush=True)
