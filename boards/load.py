"""Read a board: TOML → ``boards.spec.Board``, with ``extends``, override files and ``--set``.

Errors::

    BoardError (ValueError)   the board can't be used; the message names file, key and what would be right
    └── NoBoardError          no board bears the name
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from boards.spec import Board

FOLDER = Path(__file__).parent
TOO_DEEP = "tables or lists are nested too deeply"

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
    where = f"boards/{name}/board.toml"
    try:
        tree = _with_parents(name, folder, ())
        for path in overrides:
            where = str(path)
            tree = merge(tree, _read(path, where))
        for setting in settings:
            where = f"--set {setting}"
            tree = merge(tree, parse_setting(setting))
    except RecursionError:
        raise BoardError(f"{where}: {TOO_DEEP}") from None
    return check(tree, where)


def check(tree: Tree, where: str) -> Board:
    """A board from its tables; every reference must lead somewhere. Raises BoardError."""
    try:
        board = msgspec.convert(tree, Board, strict=True)
    except msgspec.ValidationError as error:
        raise BoardError(f"{where}: {_plain(error, tree)}") from None
    for key, bus in _references(board):
        if bus not in board.buses:
            known = ", ".join(board.buses) or "none"
            raise BoardError(f"{where}: {key}: {bus} is not declared; declared: {known}")
    _check_axes(board, where)
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
    """``display.width=480`` → ``{"display": {"width": 480}}``; key and value are TOML, the value or else text.

    A key with a dot is quoted: ``buses."spi-0.0".hz=1000000``. Raises BoardError.
    """
    path, equals, text = setting.partition("=")
    keys = _split_key(path) if equals else []
    if not keys:
        raise BoardError(f"--set {setting}: write it as table.key=value, for example display.width=480")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    except (ValueError, RecursionError) as error:
        raise BoardError(f"--set {path.strip()}: {_said(error)}") from None
    for key in reversed(keys):
        value = {key: value}
    tree: Tree = value
    return tree


def _split_key(path: str) -> list[str]:
    """The parts of a dotted key as TOML reads it; empty when it is none."""
    try:
        tree: Any = tomllib.loads(f"{path} = 0")
    except (ValueError, RecursionError):
        return []
    keys: list[str] = []
    while isinstance(tree, dict):
        if len(tree) != 1:
            return []
        ((key, tree),) = tree.items()
        keys.append(key)
    return keys


def _with_parents(name: str, folder: Path, heirs: tuple[str, ...]) -> Tree:
    if name in heirs:
        raise BoardError(f"boards/{name}/board.toml: extends goes round: {' → '.join((*heirs, name))}")
    if name not in names(folder):
        near = difflib.get_close_matches(name, names(folder), 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NoBoardError(f"there is no board {name!r}; there are: {', '.join(names(folder))}.{hint}")
    tree = _read(folder / name / "board.toml", f"boards/{name}/board.toml")
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
    except (ValueError, RecursionError) as error:  # not TOML, a number of 5000 digits, a path with a NUL
        raise BoardError(f"{where}: {_said(error)}") from None


def _said(error: Exception) -> str:
    return TOO_DEEP if isinstance(error, RecursionError) else str(error)


def _references(board: Board) -> Iterator[tuple[str, str]]:
    for name in ("imu", "magnetometer", "display", "battery"):
        bus = getattr(getattr(board, name), "bus", "")
        if bus:
            yield f"{name}.bus", bus


def _check_axes(board: Board, where: str) -> None:
    """The head's axes must be a rotation of a chip's: each axis once, and right-handed."""
    for name, part in (("imu", board.imu), ("magnetometer", board.magnetometer)):
        if part is None:
            continue
        axes = part.axes
        if len(set(axes[1::2])) < 3:
            raise BoardError(f"{where}: {name}.axes: {axes} names an axis twice; name x, y and z once each")
        swapped = axes[1::2] in ("yxz", "xzy", "zyx")
        if swapped != (axes[0::2].count("-") % 2 == 1):
            raise BoardError(
                f"{where}: {name}.axes: {axes} is a mirror image, no way to mount a chip; turn one sign"
            )


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


def _plain(error: msgspec.ValidationError, tree: Tree) -> str:
    """msgspec's words, with the key first and a near match for an unknown one."""
    text = str(error)
    what, _, place = text.partition(" - at `")
    key = place.rstrip("`").removeprefix("$").removeprefix(".")
    table, bracket, rest = key.partition("[...]")
    if "unknown field" in what:
        wrong = what.split("`")[1]
        near = difflib.get_close_matches(wrong, getattr(_kind(table), "__struct_fields__", ()), 1)
        what = f"there is no key {wrong!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if bracket:  # msgspec says "one of the tables here": look which
        key = f"{table}.{_culprit(tree, table)}{rest}"
    return f"{key}: {what}" if key else what


def _culprit(tree: Tree, place: str) -> str:
    """The key of the first table or value at ``place`` that is not of its kind, quoted where TOML wants it."""
    inside: Any = tree
    for name in place.split("."):
        inside = inside[name]
    for key, value in inside.items():
        try:
            msgspec.convert(value, _kind(place), strict=True)
        except msgspec.ValidationError:
            return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'"{key}"'
    return "…"


def _kind(place: str) -> Any:
    """The type of the tables (or values) at ``place``: of ``imu`` it is Imu, of ``buses`` Bus."""
    kind: Any = Board
    for name in filter(None, place.split(".")):
        kind = next(f.type for f in msgspec.structs.fields(kind) if f.name == name)
        kinds = [kind, *getattr(kind, "__args__", ())]
        kind = next((k for k in kinds if hasattr(k, "__struct_fields__")), kinds[-1])
    return kind
