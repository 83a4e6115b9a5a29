"""Where somebody else's template runs: jinja2's immutable sandbox keeps it from Python's insides; here what it may
use is named, and all it does is paid for beforehand, so that it can neither stand still nor eat the memory.

A rendering has ``WORK`` to spend: a round of a loop, a call, a comparison costs a little, and what it works on its
size. What could make much of a little (padding, formats with widths, sums of lists) is not there at all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sized
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import loopcontrols
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.qwen_vl.sandbox_cost import LARGEST, counted, items_of, weight

WORK = 2_000_000  # a prompt of a million characters takes a tenth
ROUND, STEP = 20, 4  # of a loop or macro; of anything else
WHOLE_NUMBER = 1024  # bits

# What chat templates use: of filters, those that look on what they get as it lies, and those that look into it; of
# tests, those that look into it; functions; what a text can do by itself.
PLAIN = re.compile(
    "count|d|default|first|items|last|length|list|map|reject|rejectattr|reverse|select|selectattr"
)
THOROUGH = re.compile(
    "abs|capitalize|dictsort|e|escape|float|groupby|int|join|lower|max|min|replace|safe|sort|string|title|tojson|trim"
    "|unique|upper"
)
COMPARING = re.compile("==|!=|>|>=|<|<=|eq|equalto|ne|lt|lessthan|le|gt|greaterthan|ge|in")
FUNCTIONS = re.compile("cycler|dict|joiner|namespace|range")
OF_TEXT = re.compile(
    "capitalize|casefold|count|endswith|find|format|index|is[a-z]+|join|lower|lstrip|partition|removeprefix"
    "|removesuffix|replace|rfind|rindex|rpartition|rsplit|rstrip|split|splitlines|startswith|strip|swapcase|title|upper"
)


class Sandbox(ImmutableSandboxedEnvironment):
    """Raises SecurityError, at the latest while rendering, for what a template may not do."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, filters: dict[str, Any], functions: dict[str, Any]) -> None:
        """``filters`` and ``functions`` are there beside the known ones."""
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], finalize=self.output
        )
        self._left = WORK
        known = {**self.filters, **filters}
        self.filters = {
            name: self._paid(work, True) for name, work in known.items() if THOROUGH.fullmatch(name)
        }
        self.filters |= {
            name: self._paid(work, False) for name, work in known.items() if PLAIN.fullmatch(name)
        }
        self.filters["replace"] = self._replaced
        self.tests = {
            name: self._paid(test, bool(COMPARING.fullmatch(name))) for name, test in self.tests.items()
        }
        self.globals = {
            name: one for name, one in self.globals.items() if FUNCTIONS.fullmatch(name)
        } | functions

    def begin(self) -> None:
        """A new rendering begins: it has all its work to spend."""
        self._left = WORK

    def pay(self, cost: int) -> None:
        """Spend; it is refused when nothing is left."""
        self._left -= cost
        if self._left < 0:
            raise SecurityError("more work than any prompt takes")

    def tick(self, size: int) -> str:
        """One round of a loop, one call of a macro, which itself writes ``size`` characters."""
        self.pay(ROUND + size // 16)
        return ""

    def output(self, value: Any) -> Any:
        """What ``{{ }}`` is about to write."""
        self.pay(STEP + weight(value, self._left))
        return value

    def whole(self, value: Any) -> Any:
        """A value that is about to be looked through: compared, or put into another one."""
        self.pay(STEP + weight(value, self._left))
        return value

    def top(self, value: Any) -> Any:
        """A value that is about to be copied as it lies."""
        self.pay(STEP + items_of(value))
        return value

    def joined(self, *parts: Any) -> str:
        """The ``~`` operator."""
        return str(self._bounded("".join(str(self.whole(part)) for part in parts)))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A sum, product, power or format, unless it is a bomb."""
        self.pay(STEP)
        if operator == "**" and (abs(right) > 64 or abs(left) > LARGEST):
            raise SecurityError("a power that large")
        if operator == "*":
            sizes = [len(x) if isinstance(x, Sized) else x for x in (left, right)]
            if sizes != [left, right] and sizes[0] * sizes[1] > LARGEST:
                raise SecurityError("a repetition that large")
        if operator == "%" and isinstance(left, str):
            if any(c.isdigit() or c == "*" for c in left):
                raise SecurityError("a format with a width")
            self.whole(right)
        return self._bounded(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call, unless it asks for something huge."""
        whose = getattr(__obj, "__self__", None)
        __self.pay(STEP + items_of(whose) + weight((args, kwargs), __self._left))
        if isinstance(whose, str):
            __self._of_text(whose, __obj.__name__, args)
        elif any(isinstance(value, int) and abs(value) > LARGEST for value in (*args, *kwargs.values())):
            raise SecurityError("a number that large")
        return __self._bounded(super().call(__context, __obj, *args, **kwargs))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of texts, only what can't make much of a little."""
        named = not isinstance(obj, str) or OF_TEXT.fullmatch(attr) is not None
        return named and super().is_safe_attribute(obj, attr, value)

    def _of_text(self, text: str, method: str, args: tuple[Any, ...]) -> None:
        """Pay for what a text's own method is about to make."""
        if method == "join" and args:
            self.pay(len(text) * items_of(args[0]) // 16)
        elif method == "replace" and len(args) > 1:
            self._pay_replaced(text, args[0], args[1])
        elif method == "format":
            if ":" in text:
                raise SecurityError("a format with a width")
            self.pay(text.count("{") * weight(args, self._left))

    def _pay_replaced(self, text: str, old: Any, new: Any) -> None:
        if isinstance(old, str) and isinstance(new, str):
            self.pay(text.count(old) * len(new) // 16)

    def _replaced(self, value: Any, old: Any, new: Any, count: int = -1) -> str:
        """The ``replace`` filter."""
        text, old, new = (str(self.whole(part)) for part in (value, old, new))
        self._pay_replaced(text, old, new)
        return text.replace(old, new, count)

    def _paid(self, function: Any, thorough: bool) -> Callable[..., Any]:
        """A filter or test that costs what it works on; what it would make bit by bit is made now."""

        @functools.wraps(function)
        def work(*args: Any, **kwargs: Any) -> Any:
            self.pay(STEP)
            for value in (*args, *kwargs.values()):
                self.pay(weight(value, self._left) if thorough else items_of(value))
            if function.__name__ in ("do_join", "sync_do_join") and len(args) > 2:
                self.pay(len(str(args[2])) * items_of(args[1]) // 16)
            made = function(*args, **kwargs)
            return self._bounded(list(made) if hasattr(made, "__next__") else made)

        return work

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, int) and value.bit_length() > WHOLE_NUMBER:
            raise SecurityError("a number that large")
        if isinstance(value, str | list | tuple) and len(value) > LARGEST:
            raise SecurityError(f"more than {LARGEST} characters")
        self.pay(items_of(value))
        return value

    def _generate(self, source: nodes.Template, *args: Any, **rest: Any) -> str:
        """jinja2's hook between parsing and compiling."""
        return str(super()._generate(counted(source), *args, **rest))
