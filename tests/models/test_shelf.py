from __future__ import annotations

import pytest

from models.base import ModelMemoryError
from models.shelf import Shelf


class Model:
    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name
        log.append(f"open {name}")

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class Shop:
    """A shelf of 100 MB and what happened on it."""

    def __init__(self) -> None:
        self.shelf = Shelf(100)
        self.log: list[str] = []

    def get(self, name: str, memory_mb: int) -> Model:
        return self.shelf.get(name, memory_mb, lambda: Model(self.log, name))


def test_a_model_is_opened_once() -> None:
    shop = Shop()
    assert shop.get("a", 60) is shop.get("a", 60)
    assert shop.log == ["open a"]
    assert shop.shelf.used_mb == 60


def test_the_longest_unused_goes_first() -> None:
    shop = Shop()
    shop.get("a", 40), shop.get("b", 40), shop.get("a", 40)
    shop.get("c", 40)
    assert shop.log == ["open a", "open b", "close b", "open c"]
    assert [entry.name for entry in shop.shelf.loaded()] == ["a", "c"]


def test_only_as_many_go_as_must() -> None:
    shop = Shop()
    for name in "abcd":
        shop.get(name, 25)
    shop.get("e", 50)
    assert [entry.name for entry in shop.shelf.loaded()] == ["c", "d", "e"]


def test_a_model_that_never_fits_says_what_would() -> None:
    shop = Shop()
    shop.get("a", 60)
    with pytest.raises(ModelMemoryError, match=r"big needs 101 MB; the budget is 100 MB.*up to 100 MB"):
        shop.get("big", 101)
    assert shop.log == ["open a"], "nothing is thrown out for a model that can't come"


def test_what_is_in_use_stays() -> None:
    shop = Shop()
    with shop.shelf.hold("a", 60, lambda: Model(shop.log, "a")):
        shop.get("b", 40)
        with pytest.raises(ModelMemoryError, match=r"in use: a \(60 MB\); a model of up to 40 MB would fit"):
            shop.get("c", 50)
        assert not shop.shelf.drop("a")
    shop.get("c", 50)
    assert "close a" in shop.log


def test_a_model_that_fails_to_open_takes_no_room() -> None:
    shop = Shop()

    def broken() -> Model:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        shop.shelf.get("a", 60, broken)
    assert shop.shelf.used_mb == 0
    shop.get("a", 60)


def test_a_model_without_close_may_go_too() -> None:
    shelf = Shelf(10)
    shelf.get("a", 10, object)
    assert shelf.drop("a")
    assert not shelf.drop("a")


def test_a_pinned_model_stays_and_what_does_not_fit_beside_it_is_refused() -> None:
    shelf = Shelf(100)
    shelf.get("text", 60, object)
    shelf.pin("text")
    assert not shelf.drop("text")
    with pytest.raises(ModelMemoryError, match=r"in use: text \(60 MB\); a model of up to 40 MB would fit"):
        shelf.get("language", 50, object)
    shelf.get("small", 40, object)
    shelf.get("other", 30, object)
    assert [entry.name for entry in shelf.loaded()] == ["text", "other"]
