"""Loaded models within a memory budget: the one that was not used for longest goes first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from models.base import ModelMemoryError

T = TypeVar("T")


class Loaded(msgspec.Struct):
    """A model in memory: what its manifest says it takes, and by how many jobs it is held."""

    name: str
    memory_mb: int
    model: Any
    holders: int = 0


class Shelf:
    """Opens models and keeps them; thread-safe. Their ``close`` is called when they have to go."""

    def __init__(self, budget_mb: int) -> None:
        self.budget_mb = budget_mb
        self._lock = threading.RLock()
        self._models: dict[str, Loaded] = {}  # least recently used first

    def loaded(self) -> list[Loaded]:
        """What is in memory, least recently used first; never waits."""
        return list(self._models.values())

    @property
    def used_mb(self) -> int:
        """The sum of what is in memory."""
        return sum(entry.memory_mb for entry in self.loaded())

    def get(self, name: str, memory_mb: int, open_model: Callable[[], T]) -> T:
        """The model, opened if it is not here; blocks while it opens.

        Raises ModelMemoryError, and whatever ``open_model`` raises.
        """
        with self._lock:
            entry = self._models.pop(name, None)
            if entry is None:
                self._make_room(name, memory_mb)
                entry = Loaded(name, memory_mb, open_model())
            self._models[name] = entry  # now the most recently used
            model: T = entry.model
            return model

    @contextmanager
    def hold(self, name: str, memory_mb: int, open_model: Callable[[], T]) -> Iterator[T]:
        """The model as with ``get``; inside the ``with`` block it can't be unloaded."""
        with self._lock:
            model = self.get(name, memory_mb, open_model)
            entry = self._models[name]
            entry.holders += 1
        try:
            yield model
        finally:
            with self._lock:
                entry.holders -= 1

    def pin(self, name: str) -> None:
        """Keep a model that is loaded, whoever else wants its room: somebody uses it all the time."""
        with self._lock:
            self._models[name].holders += 1

    def drop(self, name: str) -> bool:
        """Unload a model unless it is held or not there; says whether it was unloaded."""
        with self._lock:
            entry = self._models.get(name)
            if entry is None or entry.holders:
                return False
            del self._models[name]
            close = getattr(entry.model, "close", None)
            if close is not None:
                close()
            return True

    def _make_room(self, name: str, memory_mb: int) -> None:
        held = [entry for entry in self._models.values() if entry.holders]
        free = self.budget_mb - sum(entry.memory_mb for entry in held)
        if memory_mb > free:
            in_use = ", ".join(f"{entry.name} ({entry.memory_mb} MB)" for entry in held) or "nothing"
            raise ModelMemoryError(
                f"{name} needs {memory_mb} MB; the budget is {self.budget_mb} MB, in use: {in_use}; "
                f"a model of up to {free} MB would fit"
            )
        for entry in self.loaded():
            if self.used_mb + memory_mb <= self.budget_mb:
                return
            self.drop(entry.name)
