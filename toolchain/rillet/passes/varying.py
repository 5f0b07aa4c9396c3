"""A quick look at all int8 linear ops at once: most have no constant channel, as a few of their weights show.

Those ops are not worth an exact range, which takes all their weights.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph, Op, Tensor
from .channel_sums import stored_weights
from .edit import Array, activation, is_quantized, optional_input
from .linear import LINEAR, NO_CLAMPS, Doubles, Limits, clamp_limits

_STEPS = 2  # of the output: a channel that moves by more is not constant, however it is rounded
_SAMPLE = 16  # weights looked at, of each output channel
_LARGEST_BIAS = 2**30  # beyond it, and beyond so many weights, accumulators might wrap
_MOST_WEIGHTS = 2**15


@dataclass
class _Layer:
    """One op: sampled weights (channels, samples), biases, multipliers; `given` and `limits` are less zero points."""

    op: Op
    weights: Array
    bias: Array | int
    scale: Array | float
    given: Limits
    limits: Limits
    weight_zero: float


def varying(graph: Graph, plain: Collection[Op]) -> set[Op]:
    """The `plain` linear ops none of whose output channels is constant where their input's channels all vary freely."""
    made = {tensor: op for op in graph.ops for tensor in op.outputs if op.kind in LINEAR}
    layers = [layer for op in graph.ops if op in plain and (layer := _layer(op, made)) is not None]
    if not layers:
        return set()
    counts = [len(layer.weights) for layer in layers]
    weights = np.zeros((sum(counts), _SAMPLE), np.float32)
    bias, scale = np.zeros(len(weights)), np.zeros(len(weights))
    starts = np.cumsum([0, *counts[:-1]])
    for layer, start, count in zip(layers, starts, counts, strict=True):
        rows = slice(start, start + count)
        weights[rows, : layer.weights.shape[1]] = layer.weights
        if layer.weight_zero:
            weights[rows, : layer.weights.shape[1]] -= layer.weight_zero
        bias[rows], scale[rows] = layer.bias, layer.scale

    def spread(values: list[float]) -> Doubles:
        return np.repeat(np.array(values), counts)

    total = _sums(weights)
    positive = (_sums(np.abs(weights, out=weights)) + total) / 2
    negative = total - positive
    low, high = spread([layer.given[0] for layer in layers]), spread([layer.given[1] for layer in layers])
    least, most = spread([layer.limits[0] for layer in layers]), spread([layer.limits[1] for layer in layers])
    smallest = np.minimum(np.maximum((positive * low + negative * high + bias) * scale, least), most)
    largest = np.minimum(np.maximum((positive * high + negative * low + bias) * scale, least), most)
    vary = np.logical_and.reduceat(largest - smallest > _STEPS, starts)
    return {layer.op for layer, varies in zip(layers, vary, strict=True) if varies}


def _sums(weights: NDArray[np.float32]) -> Doubles:
    """Of each row: whole numbers, which float32 holds. A fifth of the time that numpy's own sums of short rows take."""
    return np.asarray(np.einsum("ij->i", weights), np.float64)


def _layer(op: Op, made: dict[Tensor, Op]) -> _Layer | None:
    layout = LINEAR[op.kind]
    x, weight, bias = (optional_input(op, i) for i in (layout.x, layout.weight, layout.bias))
    y = op.outputs[0]
    if x is None or weight is None or weight.data is None or activation(op) in NO_CLAMPS:
        return None
    if op.kind == "TRANSPOSE_CONV" or not is_quantized(y):
        return None
    if bias is not None and bias.data is None:
        return None
    assert x.quantization is not None and weight.quantization is not None and y.quantization is not None
    data, weight_zero = stored_weights(weight)
    channels = data.shape[layout.out_axis]
    if weight_zero.size > 1 or data.size // channels > _MOST_WEIGHTS:
        return None
    zero, y_zero = int(x.quantization.zero_point[0]), int(y.quantization.zero_point[0])
    low, high = clamp_limits(made[x]) if x in made else x.dtype.limits
    limits = clamp_limits(op)
    if not low <= zero <= high or not limits[0] < limits[1]:
        return None
    if bias is not None and bias.data is not None and np.abs(bias.data).max(initial=0) > _LARGEST_BIAS:
        return None
    grid = data.reshape(channels, -1) if layout.out_axis == 0 else data.reshape(-1, channels).T
    return _Layer(
        op,
        grid[:, :_SAMPLE],
        0 if bias is None or bias.data is None else bias.data,
        weight.quantization.scale * (float(x.quantization.scale[0]) / float(y.quantization.scale[0])),
        (low - zero, high - zero),
        (limits[0] - y_zero, limits[1] - y_zero),
        float(weight_zero[0]),
    )
