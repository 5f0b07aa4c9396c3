"""GraphBuilder: how importers and passes make ops, with shapes inferred and names made unique."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..ir import DType, Graph, Op, Quantization, RilletError, Shape, Tensor, UniqueNames
from .opdef import opdef


class GraphBuilder:
    """Appends ops to a graph. `source` names the layer that the next ops come from."""

    def __init__(self, graph: Graph | None = None) -> None:
        self.graph = graph or Graph()
        self.source = ""
        self._names = UniqueNames(t.name for t in self.graph.tensors())

    def input(self, name: str, shape: Shape, dtype: DType = DType.FLOAT32) -> Tensor:
        tensor = Tensor(self._names.unique(name), tuple(shape), dtype, source=self.source)
        self.graph.inputs.append(tensor)
        return tensor

    def constant(self, values: ArrayLike, name: str = "", quantization: Quantization | None = None) -> Tensor:
        """A constant tensor; Python floats become float32, Python ints int32."""
        array = np.asarray(values)
        if not isinstance(values, (np.ndarray, np.generic)):
            array = array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))
        name = self._names.unique(name or f"{self.source or 'const'}/const")
        return Tensor(name, array.shape, DType.of(array.dtype), quantization, array, self.source)

    def op(self, kind: str, inputs: Sequence[Tensor | None], name: str = "", **attrs: object) -> Tensor:
        """Appends an op with one output and returns it; attributes by the schema's field names."""
        return self.ops(kind, inputs, name, **attrs)[0]

    def ops(self, kind: str, inputs: Sequence[Tensor | None], name: str = "", **attrs: object) -> list[Tensor]:
        """Appends an op with any number of outputs and returns them all."""
        definition = opdef(kind)
        op = Op(kind, list(inputs), [], definition.attrs(**attrs), source=self.source)
        base = name or (f"{self.source}/{kind.lower()}" if self.source else kind.lower())
        op.outputs = [
            Tensor(self._names.unique(base), shape, dtype, source=self.source) for shape, dtype in definition.infer(op)
        ]
        self.graph.ops.append(op)
        return op.outputs

    def output(self, tensor: Tensor, name: str = "") -> None:
        """Marks `tensor` as a graph output, renaming it where `name` is given."""
        if name and tensor.name != name:
            if name in self._names.taken:
                raise RilletError(f"two tensors named '{name}'")
            self._names.taken.add(name)
            tensor.name = name
        self.graph.outputs.append(tensor)
