"""A graph's meaning, in numpy: slow, complete, and the first judge of importers and passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..ir import Graph, Op, RilletError, Tensor
from .opdef import Array, opdef


def evaluate(graph: Graph, inputs: Mapping[str, Array] | Sequence[Array], every: bool = False) -> dict[str, Array]:
    """Runs `graph` on `inputs` (by tensor name or in order).

    Returns:
        Output arrays by tensor name; with `every`, those of all tensors.

    Raises:
        RilletError: an input is missing, or an op has no numpy meaning.
    """
    if not isinstance(inputs, Mapping):
        inputs = {t.name: a for t, a in zip(graph.inputs, inputs, strict=True)}
    values: dict[Tensor, Array] = {}
    for tensor in graph.inputs:
        if tensor.name not in inputs:
            raise RilletError(f"no value for input '{tensor.name}'; the inputs are {[t.name for t in graph.inputs]}")
        values[tensor] = np.asarray(inputs[tensor.name], tensor.dtype.numpy)
    for op in graph.ops:
        arrays = [None if t is None else values[t] if t in values else _constant(op, t) for t in op.inputs]
        for tensor, array in zip(op.outputs, evaluate_op(op, arrays), strict=True):
            values[tensor] = array
    wanted = graph.tensors() if every else graph.outputs
    return {t.name: values[t] if t in values else _constant(None, t) for t in wanted if t in values or t.is_constant}


def evaluate_op(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """One op on stored values: quantized operands are dequantized before and results quantized after."""
    real: list[Array | None] = []
    for tensor, array in zip(op.inputs, arrays, strict=True):
        real.append(tensor.quantization.dequantize(array) if _is_quantized(tensor) and array is not None else array)  # type: ignore[union-attr]
    results = []
    for tensor, array in zip(op.outputs, opdef(op.kind).compute(op, real), strict=True):
        if _is_quantized(tensor):
            array = tensor.quantization.quantize(array, tensor.dtype)  # type: ignore[union-attr]
        results.append(np.asarray(array, tensor.dtype.numpy))
    return results


def _is_quantized(tensor: Tensor | None) -> bool:
    return (
        tensor is not None
        and tensor.dtype.is_integer
        and tensor.quantization is not None
        and tensor.quantization.scale.size > 0
    )


def _constant(op: Op | None, tensor: Tensor) -> Array:
    if tensor.data is None:
        raise RilletError(f"tensor '{tensor.name}' read by '{op.where if op else 'the output'}' has no value")
    return tensor.data
