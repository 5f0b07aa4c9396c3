"""A graph's meaning, in numpy: slow, complete, and the first judge of importers and passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..ir import Graph, Op, Quantization, RilletError, Tensor
from .opdef import Array, opdef


def evaluate(graph: Graph, inputs: Mapping[str, Array] | Sequence[Array], every: bool = False) -> dict[str, Array]:
    """Runs `graph` on `inputs` (by tensor name or in order).

    Returns:
        Output arrays by tensor name; with `every`, those of all tensors.

    Raises:
        RilletError: an input is missing or there are too many, or an op has no numpy meaning.
    """
    if not isinstance(inputs, Mapping):
        if len(inputs) != len(graph.inputs):
            raise RilletError(f"{len(inputs)} arrays for {len(graph.inputs)} inputs")
        inputs = {t.name: a for t, a in zip(graph.inputs, inputs, strict=True)}
    values: dict[Tensor, Array] = {}
    for tensor in graph.inputs:
        if tensor.name not in inputs:
            raise RilletError(f"no value for input '{tensor.name}'; the inputs are {[t.name for t in graph.inputs]}")
        values[tensor] = np.asarray(inputs[tensor.name], tensor.dtype.numpy)
    dying = {} if every else _last_read(graph)
    for op in graph.ops:
        arrays = [None if t is None else values[t] if t in values else _constant(op, t) for t in op.inputs]
        for tensor, array in zip(op.outputs, evaluate_op(op, arrays), strict=True):
            values[tensor] = array
        for tensor in dying.get(op, ()):
            values.pop(tensor, None)
    wanted = graph.tensors() if every else graph.outputs
    return {t.name: values[t] if t in values else _constant(None, t) for t in wanted if t in values or t.is_constant}


def evaluate_op(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """One op on stored values: quantized operands are dequantized before and results quantized after."""
    real: list[Array | None] = []
    for tensor, array in zip(op.inputs, arrays, strict=True):
        quantization = _quantization(tensor)
        real.append(array if array is None or quantization is None else quantization.dequantize(array))
    results = []
    for tensor, array in zip(op.outputs, opdef(op.kind).compute(op, real), strict=True):
        quantization = _quantization(tensor)
        if quantization is not None:
            array = quantization.quantize(array, tensor.dtype)
        results.append(np.asarray(array, tensor.dtype.numpy))
    return results


def _last_read(graph: Graph) -> dict[Op, list[Tensor]]:
    """The tensors that each op is the last to touch, the graph's outputs left out."""
    last = {tensor: op for op in graph.ops for tensor in (*op.inputs, *op.outputs) if tensor is not None}
    dying: dict[Op, list[Tensor]] = {}
    for tensor, op in last.items():
        if tensor not in graph.outputs:
            dying.setdefault(op, []).append(tensor)
    return dying


def _quantization(tensor: Tensor | None) -> Quantization | None:
    """How the tensor's values are stored; None where they are stored as they are."""
    if tensor is None or not tensor.dtype.is_integer or tensor.quantization is None:
        return None
    return tensor.quantization if tensor.quantization.scale.size else None


def _constant(op: Op | None, tensor: Tensor) -> Array:
    if tensor.data is None:
        raise RilletError(f"tensor '{tensor.name}' read by '{op.where if op else 'the output'}' has no value")
    return tensor.data
