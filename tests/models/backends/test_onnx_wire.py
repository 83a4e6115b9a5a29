"""Weights put from one ONNX file into another, compared with what the library reads of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from models.backends.onnx_wire import fields, with_weights_of


def outside(name: str, file: str, offset: int) -> TensorProto:
    """A tensor in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=(300, 2))
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", str(offset)), ("prepacked_0", "x" * 300)):
        tensor.external_data.add(key=key, value=value)
    return tensor


def inside(name: str, value: float) -> TensorProto:
    return numpy_helper.from_array(np.full(3, value, np.float32), name)


def model(node: str, *initializers: TensorProto) -> ModelProto:
    made = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"], name=node)], node, [], [], initializers
    )
    return helper.make_model(made, producer_name=node)


def test_tensors_in_files_come_from_the_other_graph_and_everything_else_stays() -> None:
    first = model("first", inside("small", 1), outside("b", "one.data", 7), outside("a", "one.data", 9))
    other = model(
        "other", outside("a", "two.data", 70), inside("small", 2), inside("b", 3), outside("c", "", 1)
    )
    made = ModelProto.FromString(with_weights_of(first.SerializeToString(), other.SerializeToString()))
    wanted = ModelProto()
    wanted.CopyFrom(first)
    wanted.graph.initializer[1].CopyFrom(other.graph.initializer[2])
    wanted.graph.initializer[2].CopyFrom(other.graph.initializer[0])
    assert made == wanted


def test_a_tensor_that_the_other_has_not_is_named() -> None:
    first, other = model("first", outside("b", "one.data", 7)), model("other", inside("a", 1))
    with pytest.raises(ValueError, match="has no b"):
        with_weights_of(first.SerializeToString(), other.SerializeToString())


@given(st.binary(max_size=300))
def test_bytes_that_are_no_message_are_an_error_or_fields(data: bytes) -> None:
    try:
        found = list(fields(data))
    except ValueError:
        return
    assert b"".join(whole for _, _, whole in found) == data


@pytest.mark.parametrize("data", [b"\x3a\x05abc", b"\x3b", b"\x80", b"\x39abc"])
def test_what_is_cut_off_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|wire type"):
        list(fields(data))
