"""Read a board: TOML → ``boards.spec.Board``, with ``extends``, override files and ``--set``.

Errors::

    BoardError (ValueError)   the board can't be used; the message names file, key and what would be right
    └── NoBoardError          no board bears the name
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from boards.spec import Board

FOLDER = Path(__file__).parent

Tree = dict[str, Any]


class BoardError(ValueError):
    """The board can't be used; the message names file, key and what would be right."""


class NoBoardError(BoardError):
    """No board bears the name."""


def names(folder: Path = FOLDER) -> list[str]:
    """The boards there are."""
    return sorted(path.parent.name for path in folder.glob("*/board.toml"))


def load(
    name: str, overrides: Sequence[Path] = (), settings: Sequence[str] = (), folder: Path = FOLDER
) -> Board:
    """The board called ``name``, with override files and then ``key.key=value`` settings laid over it.

    Raises BoardError.
    """
    tree = _with_parents(name, folder, ())
    where = f"boards/{name}/board.toml"
    for path in overrides:
        tree, where = merge(tree, _read(path, str(path))), str(path)
    for setting in settings:
        tree, where = merge(tree, parse_setting(setting)), f"--set {setting}"
    return check(tree, where)


def check(tree: Tree, where: str) -> Board:
    """A board from its tables; every reference must lead somewhere. Raises BoardError."""
    try:
        board = msgspec.convert(tree, Board, strict=True)
    except msgspec.ValidationError as error:
        raise BoardError(f"{where}: {_plain(error)}") from None
    for key, bus in _references(board):
        if bus not in board.buses:
            known = ", ".join(board.buses) or "none"
            raise BoardError(f"{where}: {key}: {bus} is not declared; declared: {known}")
    if board.display is not None:
        _check_safe_area(board, where)
    return board


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> Tree:
    """``above`` over ``below``, table by table; a list is replaced whole."""
    merged: Tree = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = merge(old, value) if isinstance(old, dict) and both else value
    return merged


def parse_setting(setting: str) -> Tree:
    """``display.width=480`` → ``{"display": {"width": 480}}``; the value is TOML, or else text."""
    path, equals, text = setting.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise BoardError(f"--set {setting}: write it as table.key=value, for example display.width=480")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for key in reversed(keys):
        value = {key: value}
    tree: Tree = value
    return tree


def _with_parents(name: str, folder: Path, heirs: tuple[str, ...]) -> Tree:
    if name in heirs:
        raise BoardError(f"boards/{name}/board.toml: extends goes round: {' → '.join((*heirs, name))}")
    path = folder / name / "board.toml"
    if "/" in name or not path.is_file():
        near = difflib.get_close_matches(name, names(folder), 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NoBoardError(f"there is no board {name!r}; there are: {', '.join(names(folder))}.{hint}")
    tree = _read(path, f"boards/{name}/board.toml")
    parent = tree.pop("extends", None)
    if parent is None:
        return tree
    if not isinstance(parent, str):
        raise BoardError(f"boards/{name}/board.toml: extends: must be the name of a board")
    return merge(_with_parents(parent, folder, (*heirs, name)), tree)


def _read(path: Path, where: str) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardError(f"{where}: {error.strerror}; is the path right?") from error
    except UnicodeDecodeError as error:
        raise BoardError(f"{where}: is not UTF-8 text (byte {error.start})") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BoardError(f"{where}: {error}") from error


def _references(board: Board) -> Iterator[tuple[str, str]]:
    for name in ("imu", "display", "battery"):
        bus = getattr(getattr(board, name), "bus", "")
        if bus:
            yield f"{name}.bus", bus


def _check_safe_area(board: Board, where: str) -> None:
    display = board.display
    if display is None or display.safe_area is None:
        return
    left, top, width, height = display.safe_area
    if min(left, top) < 0 or width < 1 or height < 1:
        raise BoardError(f"{where}: display.safe_area: is left, top, width, height in pixels")
    if left + width > display.width or top + height > display.height:
        raise BoardError(
            f"{where}: display.safe_area: {display.safe_area} does not fit {display.width}×{display.height}"
        )


def _plain(error: msgspec.ValidationError) -> str:
    """msgspec's words, with the key first and a near match for an unknown one."""
    text = str(error)
    what, _, place = text.partition(" - at `")
    key = place.rstrip("`").removeprefix("$").removeprefix(".")
    if "unknown field" in what:
        wrong = what.split("`")[1]
        near = difflib.get_close_matches(wrong, _known_keys(key), 1)
        what = f"there is no key {wrong!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    return f"{key}: {what}" if key else what


def _known_keys(place: str) -> list[str]:
    kind: Any = Board
    for name in filter(None, place.split(".")):
        field = next((f for f in msgspec.structs.fields(kind) if f.name == name), None)
        if field is None:
            return []
        kind = next(
            (t for t in getattr(field.type, "__args__", (field.type,)) if hasattr(t, "__struct_fields__")),
            None,
        )
        if kind is None:
            return []
    return list(kind.__struct_fields__)
