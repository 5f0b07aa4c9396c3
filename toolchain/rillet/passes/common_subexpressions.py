"""Merges ops that compute the same thing from the same tensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from ..ir import RECOMPUTED, Graph, Op, Tensor
from .edit import is_pure, remove_ops

_SMALL_CONSTANT_BYTES = 4096


def common_subexpressions(graph: Graph) -> int:
    """Keeps the first of equal ops. Small constants are equal by value, large ones by identity."""
    seen: dict[Hashable, Op] = {}
    merged: list[Op] = []
    outputs = set(graph.outputs)
    alike = Counter(map(_rough_key, graph.ops))
    for op in graph.ops:
        if alike[_rough_key(op)] == 1 or not is_pure(op) or op.outputs[0].name.startswith(RECOMPUTED):
            continue
        key = (op.kind, repr(op.attrs), tuple(_key(t) for t in op.inputs), tuple(_declared(t) for t in op.outputs))
        first = seen.setdefault(key, op)
        if first is op or any(t in outputs for t in op.outputs):
            continue
        for old, new in zip(op.outputs, first.outputs, strict=True):
            graph.replace(old, new)
        merged.append(op)
    remove_ops(graph, merged)
    return len(merged)


def _rough_key(op: Op) -> Hashable:
    """Cheap, and the same for equal ops."""
    return (op.kind, *(id(t) for t in op.inputs if t is None or t.data is None))


def _key(tensor: Tensor | None) -> Hashable:
    if tensor is None or tensor.data is None or tensor.data.nbytes > _SMALL_CONSTANT_BYTES:
        return id(tensor)
    return (_declared(tensor), tensor.data.tobytes())


def _declared(tensor: Tensor) -> Hashable:
    q = tensor.quantization
    stored = None if q is None else (q.scale.tobytes(), q.zero_point.tobytes(), q.axis)
    return (tensor.shape, tensor.dtype, stored)
