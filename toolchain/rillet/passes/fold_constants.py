"""Computes at convert time what depends on constants alone."""

from __future__ import annotations

import numpy as np

from ..ir import DType, Graph, Op, Tensor
from ..ops.evaluate import evaluate_op
from .edit import Array, is_pure, is_quantized, remove_ops, same_quantization

_ALLOWED_GROWTH_BYTES = 4096
_FROM_SHAPES = frozenset({"SHAPE", "RANK"})


def fold_constants(graph: Graph) -> int:
    """An op becomes its result, unless that would bloat the file: DEQUANTIZE of weights stays, as does a large FILL."""
    folded: list[Op] = []
    for op in graph.ops:
        if op.kind == "DEQUANTIZE" or not (op.kind in _FROM_SHAPES or _reads_constants(op)) or not is_pure(op):
            continue
        results = _from_shapes(op) if op.kind in _FROM_SHAPES else _from_values(op)
        if results is None or any(t in graph.outputs for t in op.outputs):
            continue
        for tensor, value in zip(op.outputs, results, strict=True):
            tensor.data = np.ascontiguousarray(value)
            tensor.shape = tensor.data.shape
        folded.append(op)
    remove_ops(graph, folded)
    return len(folded)


def _reads_constants(op: Op) -> bool:
    return all(t is None or t.data is not None for t in op.inputs)


def _from_shapes(op: Op) -> list[Array] | None:
    x = op.inputs[0]
    if x is None or x.unranked or (op.kind == "SHAPE" and any(d is None for d in x.shape)):
        return None
    value = np.array(x.shape if op.kind == "SHAPE" else len(x.shape))
    return [value.astype(op.outputs[0].dtype.numpy)]


def _from_values(op: Op) -> list[Array] | None:
    operands = [t for t in op.inputs if t is not None]
    if not operands or any(t.data is None or not _is_plain(t) for t in operands):
        return None
    if any(is_quantized(t) for t in op.outputs) and not all(same_quantization(t, op.outputs[0]) for t in operands[:1]):
        return None  # requantizing rounds as each kernel does, which numpy does not know
    if any(d is None for t in op.outputs for d in t.shape):
        return None
    if sum(t.nbytes for t in op.outputs) > sum(t.nbytes for t in operands) + _ALLOWED_GROWTH_BYTES:
        return None
    return evaluate_op(op, [None if t is None else t.data for t in op.inputs])


def _is_plain(tensor: Tensor) -> bool:
    return tensor.dtype is not DType.STRING and tensor.sparsity is None and tensor.variant is None
