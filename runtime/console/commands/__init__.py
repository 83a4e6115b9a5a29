"""The table of commands, in the order ``help`` lists them. To add one: write it, add its row to its file's."""

from __future__ import annotations

from runtime.console.commands import (
    adapter,
    captions,
    ear,
    gnss,
    heading,
    measures,
    models,
    nav,
    parts,
    recordings,
    system,
    wearer,
    words,
)

COMMANDS = (
    *parts.COMMANDS,
    *ear.COMMANDS,
    *gnss.COMMANDS,
    *heading.COMMANDS,
    *measures.COMMANDS,
    *wearer.COMMANDS,
    *words.COMMANDS,
    *captions.COMMANDS,
    *nav.COMMANDS,
    *recordings.COMMANDS,
    *models.COMMANDS,
    *adapter.COMMANDS,
    *system.COMMANDS,
)
