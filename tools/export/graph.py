"""A graph under construction: nodes in order, weights by reference, small constants inline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from models.qwen_vl.folder import StoredTensor
from tools.export.weights import external

OPSET = 21
IR_VERSION = 10
MICROSOFT = "com.microsoft"

FLOAT, INT8, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.INT32, TensorProto.INT64


class Graph:
    """Values are known by name; ``op`` gives the names of its outputs."""

    def __init__(
        self, tensors: Mapping[str, StoredTensor], outliers: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        """``outliers``: the inputs of a layer that are computed in float32 where it is packed by rows."""
        self.tensors = tensors
        self.outliers = outliers or {}
        self.in_blocks: dict[str, int] = {}  # the layers that were added in blocks, and their inputs
        self.quantised: dict[str, tuple[str, str]] = {}  # values quantised by row: as what, with which scales
        self._nodes: list[NodeProto] = []
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []
        self._initializers: dict[str, TensorProto] = {}

    def input(self, name: str, kind: int, shape: Sequence[int | str]) -> str:
        """Declare an input; a string names a dimension that varies."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, kind: int, shape: Sequence[int | str]) -> None:
        """Declare that a value of this name is an output."""
        self._outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def weight(self, name: str) -> str:
        """Refer to a tensor of the weight file."""
        if name not in self._initializers:
            self._initializers[name] = external(name, self.tensors[name])
        return name

    def const(self, value: Any, dtype: Any) -> str:
        """A small constant; equal ones are stored once."""
        array = np.asarray(value, dtype=dtype)
        name = f"c.{array.dtype.name}.{'x'.join(map(str, array.shape))}.{array.tobytes().hex()[:64]}"
        if array.nbytes > 32:
            name = f"c.{len(self._initializers)}"
        self._initializers.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def op(self, kind: str, inputs: Sequence[str], name: str, *, domain: str = "", **attributes: Any) -> str:
        """A node with one output, which is called ``name``."""
        return self.ops(kind, inputs, [name], domain=domain, **attributes)[0]

    def ops(
        self, kind: str, inputs: Sequence[str], names: Sequence[str], *, domain: str = "", **attributes: Any
    ) -> Sequence[str]:
        """A node with several outputs; an empty name is one that nobody wants."""
        self._nodes.append(
            helper.make_node(kind, inputs, names, name=next(filter(None, names)), domain=domain, **attributes)
        )
        return names

    def finish(self) -> ModelProto:
        """The model."""
        graph = helper.make_graph(
            self._nodes, "browline", self._inputs, self._outputs, list(self._initializers.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="browline")


def save(model: ModelProto, path: Path) -> None:
    """Write the graph; its weights lie beside it already. Raises OSError."""
    path.write_bytes(model.SerializeToString(deterministic=True))
