"""The guards' tables: text files beside this module, ``#`` begins a comment line."""

from __future__ import annotations

from importlib.resources import files


def content(name: str) -> str:
    """A whole file of ``data``."""
    return files("models.translation.data").joinpath(name).read_text(encoding="utf-8")


def lines(name: str) -> list[str]:
    """Its lines, without comments and empty ones."""
    return [line for line in content(name).splitlines() if line and not line.startswith("# ")]


def words(name: str) -> list[str]:
    """Its words."""
    return [word for line in lines(name) for word in line.split()]


def columns(name: str) -> list[tuple[str, str]]:
    """Its two columns, which a tab parts."""
    return [(first, rest) for first, _, rest in (line.partition("\t") for line in lines(name))]
