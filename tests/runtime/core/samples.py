"""Strategies for every message a topic carries, read off the types, and equality that knows arrays."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runtime.core.messages import WearerSettings

_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(),
    str: st.text(),
    bool: st.booleans(),
    types.NoneType: st.none(),
}


def messages(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of ``kind``."""
    origin, args = get_origin(kind), get_args(kind)
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind is WearerSettings:
        return st.builds(WearerSettings, text_size=st.floats(0.5, 3), language=st.sampled_from(["en", "zh"]))
    if hasattr(origin, "__value__"):  # from Python 3.12 on, numpy's NDArray is an alias of its own kind
        return messages(origin.__value__[args])
    if origin is Annotated:
        return messages(args[0])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is np.ndarray:
        return hnp.arrays(get_args(args[1])[0], hnp.array_shapes(min_dims=1, max_dims=3, min_side=0))
    if origin is tuple:
        return _tuples(args)
    if origin is types.UnionType:
        return st.one_of(*map(messages, args))
    fields = msgspec.structs.fields(kind)
    return st.builds(kind, **{field.name: messages(field.type) for field in fields})


def _tuples(args: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if args[-1] is ...:
        return st.lists(messages(args[0]), max_size=4).map(tuple)
    return st.tuples(*map(messages, args))


def same(one: Any, other: Any) -> bool:
    """Equal in type and value; NaN equals NaN, arrays equal in dtype and shape too."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, msgspec.Struct):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)
