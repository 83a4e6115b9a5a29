"""Translations that may be shown and such that may not, as they lie beside this file."""

from __future__ import annotations

from pathlib import Path

import msgspec

DATA = Path(__file__).parent / "data"


class Row(msgspec.Struct, frozen=True):
    """``text`` in ``target`` for ``source`` in ``language``; ``wrong`` says in a word what is wrong with it."""

    source: str
    text: str
    language: str = "zh"
    target: str = "en"
    wrong: str = ""


def good(prefix: str = "") -> list[Row]:
    rows = [Row(source, text) for source, text in _read(f"{prefix}good_zh.txt", 2)]
    for languages, source, text in _read(f"{prefix}good_other.txt", 3):
        rows.append(Row(source, text, *_pair(languages)))
    return rows


def bad(prefix: str = "") -> list[Row]:
    rows = [Row(source, text, wrong=wrong) for wrong, source, text in _read(f"{prefix}bad_zh.txt", 3)]
    for wrong, languages, source, text in _read(f"{prefix}bad_other.txt", 4):
        rows.append(Row(source, text, *_pair(languages), wrong=wrong))
    return rows


def _pair(languages: str) -> tuple[str, str]:
    language, _, target = languages.partition(">")
    return language, target or "en"


def _read(name: str, columns: int) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.split("|", columns - 1)] for line in lines if not line.startswith("#")
    ]
    assert all(len(row) == columns for row in rows)
    return [[cell.replace("\\n", "\n") for cell in row] for row in rows]
