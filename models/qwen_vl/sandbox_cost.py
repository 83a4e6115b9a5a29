"""What a template's steps weigh, and the bookkeeping that is put into it before it is compiled."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

LARGEST = 2_000_000  # characters of a prompt; items of a list
CHARACTERS = 16  # that weigh as much as an item


def items_of(value: Any) -> int:
    """How much of ``value`` there is on its surface."""
    if isinstance(value, str | bytes):
        return len(value) // CHARACTERS
    if isinstance(value, list | tuple | dict | set | frozenset | range):
        return len(value)
    return 0


def weight(value: Any, most: int) -> int:
    """How much of ``value`` there is when everything inside it is told, wherever it is told twice; a little more
    than ``most`` where it is more than that.
    """
    total, left = 0, [value]
    while left and total <= most:
        one = left.pop()
        if type(one) is Namespace:  # each question to one is a call
            total += 20
            left += object.__getattribute__(one, "_Namespace__attrs").values()
            continue
        total += 1 + items_of(one)
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            left += one
    return total


def counted(tree: nodes.Template) -> nodes.Template:
    """``tree`` with a tick at the head of every loop and macro; what is compared, built or cut is paid for."""
    made: nodes.Template = _Counted().visit(tree)
    return made


class _Counted(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._ticking(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._ticking(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._ticking(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("joined", node.nodes, node.lineno)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _call("whole", [node.expr], node.lineno)
        for operand in node.ops:
            operand.expr = _call("whole", [operand.expr], node.lineno)
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return _call("whole", [node], node.lineno)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        return node if node.ctx != "load" else _call("whole", [node], node.lineno)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return _call("whole", [node], node.lineno)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _call("top", [node.node], node.lineno)
        return node

    def _ticking(self, node: Any) -> nodes.Node:
        size = nodes.Const(sum(len(text.data) for text in node.find_all(nodes.TemplateData)))
        self.generic_visit(node)
        node.body.insert(0, nodes.Output([_call("tick", [size], node.lineno)], lineno=node.lineno))
        made: nodes.Node = node
        return made


def _call(method: str, arguments: list[Any], line: int) -> nodes.Call:
    called = nodes.EnvironmentAttribute(method, lineno=line)
    return nodes.Call(called, arguments, [], None, None, lineno=line)
