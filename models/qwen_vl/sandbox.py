"""Where somebody else's template runs: jinja2's immutable sandbox keeps it from Python's insides; here its loops and
sizes are bounded too, so that it can neither stand still nor eat the memory.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import loopcontrols
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

LARGEST = 2_000_000  # characters of a prompt; items of a list
ROUNDS = 200_000  # of all loops together
# They make as much of a little as they are told to.
DROPPED = ("center", "indent", "wordwrap", "pprint", "filesizeformat")


class Sandbox(ImmutableSandboxedEnvironment):
    """Raises SecurityError, at the latest while rendering, for what a template may not do."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        self._left = ROUNDS
        for name in DROPPED:
            del self.filters[name]

    def begin(self) -> None:
        """A new rendering begins: its rounds are counted from here."""
        self._left = ROUNDS

    def tick(self) -> str:
        """One round of a loop, one call of a macro."""
        self._left -= 1
        if self._left < 0:
            raise SecurityError(f"more than {ROUNDS} rounds of its loops")
        return ""

    def joined(self, *parts: Any) -> str:
        """The ``~`` operator."""
        return str(_bounded("".join(map(str, parts))))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A sum, product, power or format, unless it is a bomb."""
        if operator == "**" and (abs(right) > 64 or abs(left) > LARGEST):
            raise SecurityError("a power that large")
        if operator == "*":
            sizes = [len(x) if isinstance(x, Sized) else x for x in (left, right)]
            if any(isinstance(x, Sized) for x in (left, right)) and sizes[0] * sizes[1] > LARGEST:
                raise SecurityError("a repetition that large")
        if operator == "%" and isinstance(left, str) and any(c.isdigit() or c == "*" for c in left):
            raise SecurityError("a format with a width")
        return _bounded(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call, unless it asks for something huge (``'x'.ljust(10 ** 9)``)."""
        if any(isinstance(value, int) and abs(value) > LARGEST for value in (*args, *kwargs.values())):
            raise SecurityError("a number that large")
        return _bounded(super().call(__context, __obj, *args, **kwargs))

    def _generate(self, source: nodes.Template, *args: Any, **rest: Any) -> str:
        """jinja2's hook between parsing and compiling."""
        return str(super()._generate(_Counted().visit(source), *args, **rest))


class _Counted(NodeTransformer):
    """Puts a tick at the head of every loop and macro, and bounds every ``~``."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._counted(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._counted(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("joined", node.nodes, node.lineno)

    def _counted(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, nodes.Output([_call("tick", [], node.lineno)], lineno=node.lineno))
        made: nodes.Node = node
        return made


def _call(method: str, arguments: list[Any], line: int) -> nodes.Call:
    called = nodes.EnvironmentAttribute(method, lineno=line)
    return nodes.Call(called, arguments, [], None, None, lineno=line)


def _bounded(value: Any) -> Any:
    if isinstance(value, str | list | tuple) and len(value) > LARGEST:
        raise SecurityError(f"more than {LARGEST} characters")
    return value
