"""Folds MUL, ADD, SUB and DIV by per-channel constants (batch norms, biases) into the linear op before them."""

from __future__ import annotations

import numpy as np

from ..ir import Activation, DType, Graph, Op, Tensor
from .edit import Uses, activation, changed_constant, remove_ops, set_input, with_attrs
from .linear import Affine, affine_parts, along, linear_parts


def fold_affine(graph: Graph) -> int:
    """conv(x) * scale + shift becomes one conv; float only, exact up to rounding of the weights."""
    uses = Uses(graph)
    folded: list[Op] = []
    for op in graph.ops:
        affine = affine_parts(op)
        linear = uses.producer(affine.x) if affine else None
        if affine is None or linear is None or uses.only_reader(affine.x) is not op:
            continue
        wanted, present = activation(op), activation(linear)
        if present not in (None, Activation.NONE) or (present is None and wanted is not Activation.NONE):
            continue
        if not _scale_weights(linear, affine, uses):
            continue
        if present is not None:
            linear.attrs = with_attrs(linear, fused_activation_function=wanted)
        linear.outputs = op.outputs
        uses.producers[op.outputs[0]] = linear
        folded.append(op)
    remove_ops(graph, folded)
    return len(folded)


def _scale_weights(linear: Op, affine: Affine, uses: Uses) -> bool:
    parts = linear_parts(linear)
    if parts is None or len(linear.outputs) != 1:
        return False
    layout, weight, bias = parts
    assert weight.data is not None
    channels = weight.data.shape[layout.out_axis]
    if max(affine.scale.size, affine.shift.size) not in (1, channels):
        return False
    if (affine.scale != 1.0).any():
        scaled = weight.data.astype(np.float64) * along(layout.out_axis, weight.data.ndim, affine.scale)
        new_weight = changed_constant(weight, scaled.astype(np.float32), shared=len(uses.readers.get(weight, [])) > 1)
        set_input(linear, layout.weight, new_weight)
    if bias is None:
        old_bias = np.zeros(channels)
        bias = Tensor(f"{affine.x.name}/bias", (channels,), DType.FLOAT32, data=old_bias, source=linear.source)
    assert bias.data is not None
    shifted = bias.data.astype(np.float64) * affine.scale + affine.shift
    new_bias = np.broadcast_to(shifted, (channels,)).astype(np.float32)
    set_input(linear, layout.bias, changed_constant(bias, new_bias, shared=len(uses.readers.get(bias, [])) > 1))
    return True
