"""Training some output channels of a layer: the layer as two, one that trains and one that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Graph, Op, Quantization, Tensor
from ..ops.concatenation import ConcatenationAttrs
from ..ops.gather import GatherAttrs

SPLITTABLE = ("CONV_2D", "FULLY_CONNECTED")
"""Layers whose output channels do not depend on each other and all read the whole input; weights' axis 0."""


def split_channels(graph: Graph, op: Op, channels: Sequence[int]) -> Op:
    """Puts two ops in the place of `op`, a layer of SPLITTABLE, in place: one makes `channels`, the other the rest.

    Their results are joined in the old order. In an integer model the part that does not train keeps its integers.

    Returns:
        The op that makes `channels`; its operands 1 and 2 are what may train.
    """
    output = op.outputs[0]
    count = output.static_shape[-1]
    trained = np.array(sorted(channels), np.int64)
    fixed = np.setdiff1d(np.arange(count), trained)
    parts = [_part(op, fixed, "fixed"), _part(op, trained, "trained")]
    axis = len(output.shape) - 1
    order = np.argsort(np.concatenate([fixed, trained])).astype(np.int32)
    joined = output if (order == np.arange(count)).all() else replace(output, name=f"{output.name}/joined", extra={})
    made = [
        *parts,
        Op(
            "CONCATENATION",
            [p.outputs[0] for p in parts],
            [joined],
            ConcatenationAttrs(axis=axis),
            source=op.source,
        ),
    ]
    if joined is not output:
        places = Tensor(f"{output.name}/order", order.shape, DType.INT32, data=order, source=op.source)
        made.append(Op("GATHER", [joined, places], [output], GatherAttrs(axis=axis), source=op.source))
    at = graph.ops.index(op)
    graph.ops[at : at + 1] = made
    return parts[1]


def _part(op: Op, channels: NDArray[np.int64], name: str) -> Op:
    """The op for some of its channels."""
    output = op.outputs[0]
    inputs = [op.inputs[0], *(None if t is None else _rows(t, channels, name) for t in op.inputs[1:])]
    made = replace(output, name=f"{output.name}/{name}", shape=(*output.shape[:-1], len(channels)), extra={})
    made.default_shape = None
    return replace(op, inputs=inputs, outputs=[made], attrs=replace(op.attrs), extra={})


def _rows(tensor: Tensor, channels: NDArray[np.int64], name: str) -> Tensor:
    assert tensor.data is not None
    rows = np.ascontiguousarray(tensor.data[channels])
    quantization = tensor.quantization
    if quantization is not None and quantization.is_per_axis:
        zeros = quantization.zero_point
        quantization = Quantization(
            quantization.scale[channels], zeros[channels] if zeros.size > 1 else zeros, quantization.axis
        )
    return Tensor(f"{tensor.name}/{name}", rows.shape, tensor.dtype, quantization, rows, tensor.source)
