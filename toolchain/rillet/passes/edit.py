"""What the passes share: who reads a tensor, what an op may do, and how a constant is replaced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..ir import Activation, Attrs, DType, Graph, Op, Quantization, Tensor
from ..ops.opdef import registry

Array = NDArray[np.generic]
_EFFECTS = frozenset(
    {
        "CALL",
        "CALL_ONCE",
        "IF",
        "WHILE",
        "STABLEHLO_COMPOSITE",
        "RANDOM_UNIFORM",
        "RANDOM_STANDARD_NORMAL",
        "MULTINOMIAL",
    }
)
_HANDLES = frozenset({DType.RESOURCE, DType.VARIANT})


class Uses:
    """A snapshot of who makes and who reads each tensor; stale once the graph changes around a tensor."""

    def __init__(self, graph: Graph) -> None:
        self.producers = graph.producers()
        self.readers = graph.consumers()
        self.outputs = set(graph.outputs)

    def producer(self, tensor: Tensor | None) -> Op | None:
        return self.producers.get(tensor) if tensor is not None else None

    def only_reader(self, tensor: Tensor) -> Op | None:
        """The one op that reads `tensor` once, None where there are more or it leaves the graph."""
        readers = self.readers.get(tensor, [])
        return readers[0] if len(readers) == 1 and tensor not in self.outputs else None


def is_pure(op: Op) -> bool:
    """True where the result depends on the operands alone and nothing else happens: may be merged, folded, dropped."""
    if op.kind not in registry() or op.kind in _EFFECTS:
        return False
    tensors = [t for t in (*op.inputs, *op.outputs) if t is not None]
    return bool(op.outputs) and not any(t.is_variable or t.dtype in _HANDLES for t in tensors)


def activation(op: Op) -> Activation | None:
    """The fused activation; None for an op that has no such attribute."""
    value = getattr(op.attrs, "fused_activation_function", None)
    return value if value is None or type(value) is Activation else Activation(value)


def with_attrs(op: Op, **changes: object) -> Attrs:
    """A changed copy: records may be shared between ops."""
    return replace(op.attrs, **changes)


def set_input(op: Op, index: int, tensor: Tensor | None) -> None:
    """Sets an input, growing the list where a trailing optional one was left out."""
    op.inputs += [None] * (index + 1 - len(op.inputs))
    op.inputs[index] = tensor


def optional_input(op: Op, index: int) -> Tensor | None:
    return op.inputs[index] if index < len(op.inputs) else None


def changed_constant(
    old: Tensor, data: Array, quantization: Quantization | None = None, *, shared: bool = False
) -> Tensor:
    """A constant in place of `old`: same name and source, or a name of its own where others still read `old`."""
    name = f"{old.name}/folded" if shared else old.name
    data = np.ascontiguousarray(data)
    return Tensor(name, data.shape, DType.of(data.dtype), quantization, data, old.source)


def same_quantization(a: Tensor, b: Tensor) -> bool:
    """Both tensors store values in the same way."""
    p, q = a.quantization, b.quantization
    if a.dtype is not b.dtype:
        return False
    if p is None or q is None or not p.scale.size or not q.scale.size:
        return (p is None or not p.scale.size) and (q is None or not q.scale.size)
    return p is q or (p.axis == q.axis and _equal(p.scale, q.scale) and _equal(p.zero_point, q.zero_point))


def _equal(a: Array, b: Array) -> bool:
    if a.size == 1 == b.size:  # nearly always, and dearer as arrays
        return bool(a.item() == b.item())
    return np.array_equal(a, b)


def is_quantized(tensor: Tensor) -> bool:
    quantization = tensor.quantization
    return tensor.dtype.is_integer and quantization is not None and quantization.scale.size > 0


def remove_ops(graph: Graph, dropped: Collection[Op]) -> None:
    gone = {id(op) for op in dropped}
    graph.ops = [op for op in graph.ops if id(op) not in gone]
