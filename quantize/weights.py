"""Recipes that leave activations in float: int8 weights (read as they are, or dequantized), float16 constants."""

from __future__ import annotations

import numpy as np

from ..ir import DType, Graph, Op, Tensor
from ..ops.opdef import opdef, registry
from .params import quantize_symmetric, weight_params
from .recipes import Recipe

_LARGEST_FLOAT16 = 65504.0


def quantize_weights(graph: Graph, recipe: Recipe) -> int:
    """Rewrites `graph` in place; returns how many constants are stored smaller."""
    stored: dict[Tensor, Tensor] = {}
    ops: list[Op] = []
    for op in graph.ops:
        for index, tensor in enumerate(op.inputs):
            if tensor is None or not _is_wanted(op, index, tensor, recipe):
                continue
            if tensor not in stored:
                small = _store(tensor, _axis(op, index), recipe)
                stored[tensor] = small
                if recipe.explicit_dequantize:
                    name = f"{tensor.name}/dequantized"
                    stored[tensor] = Tensor(name, tensor.shape, DType.FLOAT32, source=tensor.source)
                    attrs = opdef("DEQUANTIZE").attrs()
                    ops.append(Op("DEQUANTIZE", [small], [stored[tensor]], attrs, source=op.source))
            op.inputs[index] = stored[tensor]
        ops.append(op)
    graph.ops = ops
    return len(stored)


def _is_wanted(op: Op, index: int, tensor: Tensor, recipe: Recipe) -> bool:
    if tensor.dtype is not DType.FLOAT32 or not tensor.is_constant or tensor.sparsity is not None:
        return False
    definition = registry().get(op.kind)
    if definition is None or tensor.size < recipe.min_weight_elements:
        return False
    if recipe.weights is DType.FLOAT16:
        assert tensor.data is not None
        return bool(np.abs(tensor.data).max(initial=0.0) <= _LARGEST_FLOAT16)
    return definition.quant is not None and index == definition.quant.weight


def _axis(op: Op, index: int) -> int | None:
    rule = opdef(op.kind).quant
    return rule.weight_axis if rule is not None and index == rule.weight else None


def _store(tensor: Tensor, axis: int | None, recipe: Recipe) -> Tensor:
    assert tensor.data is not None
    values = np.asarray(tensor.data, np.float32)
    if recipe.weights is DType.FLOAT16:
        return Tensor(tensor.name, tensor.shape, DType.FLOAT16, None, values.astype(np.float16), tensor.source)
    params = weight_params(values, axis, recipe.weights, tensor.quantization)
    data = quantize_symmetric(values, params, recipe.weights)
    return Tensor(tensor.name, tensor.shape, recipe.weights, params, data, tensor.source)
