"""Symbolic tensors: layers called on them are noted down, which makes a functional model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..eager import Tensor, TensorSpec
from ..eager.nest import flatten, map_structure
from ..eager.state import executing
from ..eager.trace import Trace
from ..ir import RilletError
from .registry import auto_name

if TYPE_CHECKING:
    from .layer import Layer


class SymbolicTensor(Tensor):
    """What `keras.Input` and layers called on it give: a shape and a dtype, the batch dimension None.

    Python's operators and rillet's functions on it become layers of the model (operations.py).

    Attributes:
        node: the call that makes it. index: which of the call's outputs it is.
    """

    def __init__(self, shape: Sequence[int | None], dtype: Any, node: Node | None = None, index: int = 0) -> None:
        self._shape, self._dtype, self.node, self.index = tuple(shape), np.dtype(dtype), node, index

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape  # type: ignore[return-value]

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self._dtype
        return dtype

    @property
    def name(self) -> str:
        return self.node.layer.name if self.node is not None else "keras_tensor"

    def numpy(self) -> Any:
        raise RilletError(f"{self!r} has no value: it only says how a model is put together")

    def __bool__(self) -> bool:
        return bool(self.numpy())

    __int__ = __float__ = __index__ = item = tolist = __dlpack__ = numpy  # type: ignore[assignment]

    def __len__(self) -> int:
        raise RilletError(f"{self!r} has no length: it only says how a model is put together")

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype.name}, name={self.name}>"


class Node:
    """One call of a layer on symbolic tensors."""

    def __init__(self, layer: Layer, args: Any, kwargs: Any) -> None:
        self.layer, self.args, self.kwargs = layer, args, kwargs
        self.parents = [x for x in flatten([list(args), kwargs]) if isinstance(x, SymbolicTensor)]
        self.outputs: Any = None

    @property
    def inputs(self) -> Any:
        return self.args[0] if self.args else self.kwargs

    @property
    def number(self) -> int:
        """Which call of its layer this is."""
        return self.layer._nodes.index(self)


def call_symbolically(layer: Layer, args: Any, kwargs: Any) -> Any:
    """Notes the call down; the outputs' shapes come from tracing the layer's `call` on symbols."""
    if not layer.built and args:
        layer.build_for(layer.shapes_of(args, kwargs))
    node = Node(layer, args, kwargs)
    outputs = output_spec(layer, args, kwargs)
    counter = iter(range(len(flatten(outputs))))
    node.outputs = map_structure(lambda x: SymbolicTensor(x.shape, x.dtype, node, next(counter)), outputs)
    layer._nodes.append(node)
    return node.outputs


def output_spec(layer: Layer, args: Any, kwargs: Any) -> Any:
    """Shapes and dtypes of the outputs: what a trace of `call` finds."""
    if "training" in kwargs:
        kwargs = {**kwargs, "training": False}  # the shapes are the same, and random layers need no batch size
    trace = Trace(layer.name)
    number = iter(range(1 << 30))

    def symbol(x: Any) -> Any:
        return trace.argument(f"x{next(number)}", x.shape, x.dtype) if isinstance(x, SymbolicTensor) else x

    with executing(trace, idle=False):
        outputs = layer.run(
            *map_structure(symbol, list(args)), **{k: map_structure(symbol, v) for k, v in kwargs.items()}
        )
    return map_structure(lambda y: TensorSpec(y.shape, y.dtype), outputs)


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = "float32",
    name: str | None = None,
    batch_shape: Sequence[int | None] | None = None,
) -> Any:
    """The start of a functional model: a symbolic tensor of (batch_size, *shape)."""
    from .layers.core import InputLayer

    if shape is None and batch_shape is None:
        raise RilletError("keras.Input needs `shape`, without the batch dimension, or `batch_shape`")
    full = tuple(batch_shape) if batch_shape is not None else (batch_size, *shape)  # type: ignore[misc]
    layer = InputLayer(batch_shape=full, dtype=dtype or "float32", name=name or auto_name("input_layer"))
    return layer.output
