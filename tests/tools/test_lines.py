"""Growing text on a pipe, and on a terminal of which the test keeps the picture."""

from __future__ import annotations

import io
import re
from itertools import pairwise

import pytest

from tools.lines import PlainLines, TerminalLines, width

CONTROL = re.compile(r"\033\[(\d*)([A-Za-z])")


class Screen(io.StringIO):
    """Rows of letters, as a terminal of so many columns wraps them; it knows what ``TerminalLines`` sends."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.rows = [""]
        self.column = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        at = 0
        while at < len(text):
            if control := CONTROL.match(text, at):
                self._obey(control[2], int(control[1] or 0))
                at = control.end()
            else:
                self._put(text[at])
                at += 1
        return len(text)

    def _obey(self, what: str, number: int) -> None:
        if what == "D":
            assert number <= self.column, "it would go back into committed rows"
            self.column -= number
        elif what == "K":
            self.rows[-1] = self._before()
        else:
            assert what == "m"

    def _before(self) -> str:
        end = next(n for n in range(len(self.rows[-1]) + 1) if width(self.rows[-1][:n]) >= self.column)
        return self.rows[-1][:end]

    def _put(self, letter: str) -> None:
        if letter == "\n" or self.column + width(letter) > self.columns:
            self.rows.append("")
            self.column = 0
        if letter != "\n":
            self.rows[-1] = self._before() + letter
            self.column += width(letter)


def test_a_pipe_gets_committed_text_at_once_and_a_line_a_stretch() -> None:
    out, log = io.StringIO(), io.StringIO()
    lines = PlainLines(out, log)
    lines.light(True)
    lines.end()
    lines.grow(" It was")
    lines.expect(" the worst")
    assert out.getvalue() == "It was"
    lines.grow(" the first")
    lines.end()
    lines.grow("二")
    lines.end()
    assert out.getvalue() == "It was the first\n二\n"
    assert "● listening" in log.getvalue()


@pytest.mark.parametrize("columns", [7, 12, 40])
def test_on_a_terminal_committed_letters_stay_and_the_rest_goes(columns: int) -> None:
    screen = Screen(columns)
    lines = TerminalLines(screen, lambda: columns)
    shown = []
    lines.light(True)
    for committed, expected in [
        ("", "It is"),
        ("It was", " the wurst"),
        (" the first", ""),
        (" 牛奶在", "哪里吗"),
    ]:
        lines.grow(committed)
        lines.expect(expected)
        shown.append("".join(screen.rows))
    lines.light(False)
    lines.end()
    assert "".join(screen.rows) == "It was the first 牛奶在"
    settled = ["", "It was", "It was the first", "It was the first 牛奶在"]
    for whole, (_, after) in zip(settled[:-1], pairwise(shown), strict=True):
        assert after.startswith(whole)
    assert "●" in shown[0]
    if columns == 40:
        assert shown[1] == "It was the wurst ●"


def test_the_light_stands_on_the_screen_between_two_lines() -> None:
    screen = Screen(20)
    lines = TerminalLines(screen, lambda: 20)
    lines.light(True)
    assert screen.rows == ["● listening"]
    lines.grow("Hello")
    lines.end()
    assert screen.rows == ["Hello", "● listening"]
    lines.light(False)
    assert screen.rows == ["Hello", ""]


def test_what_was_expected_goes_when_it_came() -> None:
    screen = Screen(20)
    lines = TerminalLines(screen, lambda: 20)
    lines.expect("Hello")
    lines.grow("Hello")
    assert screen.rows == ["Hello"]


def test_what_may_come_is_cut_where_the_row_ends() -> None:
    screen = Screen(12)
    lines = TerminalLines(screen, lambda: 12)
    lines.grow("It was")
    lines.expect(" the first great sorrow")
    assert screen.rows == ["It was the…"]
