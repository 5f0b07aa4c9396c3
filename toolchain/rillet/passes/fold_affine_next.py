"""Folds MUL, ADD, SUB and DIV by constants into the linear op after them (a Rescaling before the first conv)."""

from __future__ import annotations

import numpy as np

from ..ir import Activation, DType, Graph, Op, Tensor
from .edit import Uses, activation, changed_constant, remove_ops, set_input
from .linear import Affine, Doubles, Linear, affine_parts, along, has_border, linear_parts


def fold_affine_next(graph: Graph) -> int:
    """conv(x * scale + shift) becomes conv(x); a shift only where no zero padding would have missed it."""
    uses = Uses(graph)
    folded: list[Op] = []
    for op in graph.ops:
        affine = affine_parts(op)
        reader = uses.only_reader(op.outputs[0]) if affine else None
        if affine is None or reader is None or activation(op) is not Activation.NONE:
            continue
        parts = linear_parts(reader)
        if parts is None or reader.inputs[parts[0].x] is not op.outputs[0]:
            continue
        if affine.shift.any() and has_border(reader):
            continue
        if _scale_inputs(reader, parts, affine, uses):
            reader.inputs[parts[0].x] = affine.x
            uses.readers[affine.x] = [reader if r is op else r for r in uses.readers[affine.x]]
            folded.append(op)
    remove_ops(graph, folded)
    return len(folded)


def _scale_inputs(reader: Op, parts: tuple[Linear, Tensor, Tensor | None], affine: Affine, uses: Uses) -> bool:
    layout, weight, bias = parts
    assert weight.data is not None
    weights = weight.data.astype(np.float64)
    depth = weight.data.shape[layout.in_axis]
    scale = _per_weight_channel(reader, affine.x, depth, affine.scale)
    shift = _per_weight_channel(reader, affine.x, depth, affine.shift)
    if scale is None or shift is None:
        return False
    if affine.shift.any():
        terms = weights * along(layout.in_axis, weights.ndim, shift)
        axes = tuple(i for i in range(terms.ndim) if i != layout.out_axis)
        added = terms.sum(axis=axes)
        if bias is None:
            name = f"{reader.outputs[0].name}/bias"
            bias = Tensor(name, added.shape, DType.FLOAT32, data=np.zeros(added.shape), source=reader.source)
        assert bias.data is not None
        new_bias = (bias.data + added).astype(np.float32)
        set_input(reader, layout.bias, changed_constant(bias, new_bias, shared=len(uses.readers.get(bias, [])) > 1))
    if (affine.scale != 1.0).any():
        scaled = (weights * along(layout.in_axis, weights.ndim, scale)).astype(np.float32)
        new_weight = changed_constant(weight, scaled, shared=len(uses.readers.get(weight, [])) > 1)
        set_input(reader, layout.weight, new_weight)
    return True


def _per_weight_channel(reader: Op, x: Tensor, depth: int, vector: Doubles) -> Doubles | None:
    channels = x.shape[-1]
    if vector.size == 1:
        return np.full(depth, vector[0])
    if channels == depth:
        return vector
    if reader.kind == "DEPTHWISE_CONV_2D" and channels:
        return np.repeat(vector, depth // channels)
    return None  # grouped filters, or a fully connected op that flattens its input
