"""Which board is this? The device tree knows (``/proc/device-tree/compatible``, devicetree.org §2.3.1)."""

from __future__ import annotations

from pathlib import Path

from boards.load import FOLDER, BoardError, load, names

DEVICE_TREE = Path("/proc/device-tree/compatible")


def compatible_strings(path: Path = DEVICE_TREE) -> list[str]:
    """What the device tree says, most specific first; empty on a machine without one."""
    try:
        raw = path.read_bytes()
    except OSError:
        return []
    return [part.decode("ascii", "replace") for part in raw.split(b"\0") if part]


def detect(path: Path = DEVICE_TREE, folder: Path = FOLDER) -> str | None:
    """The name of the board whose ``compatible`` the device tree lists first, or None."""
    boards: dict[str, str] = {}
    for name in names(folder):
        try:
            board = load(name, folder=folder)
        except BoardError:  # a broken board file must not hide the others
            continue
        boards.update(dict.fromkeys(board.compatible, name))
    return next((boards[string] for string in compatible_strings(path) if string in boards), None)
