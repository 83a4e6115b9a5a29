"""``browline models``: what there is, fetch it, throw it away."""

from __future__ import annotations

import argparse
import os
import sys
import time

from models.base import ModelError
from models.manifest import list_manifests
from models.store import ModelStore, cache_folder

FIRST = ("ppocrv6-tiny", "silero-vad")  # what ``./run`` wants before it starts


def configure(parser: argparse.ArgumentParser) -> None:
    """``list``, ``pull``, ``remove``."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="every model, its size and whether it is here")
    pull = actions.add_parser("pull", help="fetch and verify models")
    pull.add_argument("name", nargs="*", help="which; all when left out")
    pull.add_argument("--first", action="store_true", help="only those the glasses start with")
    remove = actions.add_parser("remove", help="delete a model's files")
    remove.add_argument("name", nargs="+")


def open_store() -> ModelStore:
    """The store in this user's cache."""
    return ModelStore(cache_folder(os.environ), list_manifests(), time.sleep)


def main(options: argparse.Namespace) -> int:
    """1: a model could not be had."""
    try:
        store = open_store()
        match options.action:
            case "list":
                _list(store)
            case "pull":
                _pull(store, FIRST if options.first else options.name or list(list_manifests()))
            case "remove":
                for name in options.name:
                    store.remove(name)
    except ModelError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 1
    return 0


def _list(store: ModelStore) -> None:
    missing = store.missing()
    for name, manifest in list_manifests().items():
        state = "missing" if name in missing else "here"
        size = f"{manifest.bytes / 1e6:6.1f} MB"
        print(f"{name:<16} {size}  {state:<8} {manifest.licence:<12} {manifest.task}")


def _pull(store: ModelStore, names: list[str] | tuple[str, ...]) -> None:
    for name in names:
        if store.manifest(name).name not in store.missing():
            continue
        print(f"browline: fetching {name}", file=sys.stderr)
        store.ensure(name, _bar if sys.stderr.isatty() else lambda done, total: None)


def _bar(done: int, total: int) -> None:
    end = "\n" if done >= total else ""
    print(f"\r  {100 * done / max(1, total):5.1f} %", end=end, file=sys.stderr, flush=True)
