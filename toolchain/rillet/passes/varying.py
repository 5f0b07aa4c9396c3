"""A quick look at all linear ops at once: most output channels are not constant, as a few of their weights show.

Those channels are not worth an exact range, which takes all their weights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph, Op, Tensor
from .channel_sums import stored_weights
from .edit import Array, activation, optional_input, same_quantization
from .linear import LINEAR, NO_CLAMPS, Limits, clamp_limits, dtype_limits

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_STEPS = 2  # of a quantized output: a channel that moves by more is not constant, however it is rounded
_SAMPLE = 8  # weights looked at, of each output channel
_LARGEST_BIAS = 2**30  # beyond it, and beyond so many weights, accumulators might wrap
_MOST_WEIGHTS = 2**15
_MOST_CHANNELS = 3072  # at a time: larger arrays are memory fresh from the system, which costs more than the sums
_POOLS = frozenset({"MAX_POOL_2D", "AVERAGE_POOL_2D"})
_UNBOUNDED = 1e18  # for infinity, which is not a number once it is multiplied by 0


@dataclass
class _Layer:
    """One op: sampled weights (channels, samples), biases, multipliers; `given` and `limits` are less zero points."""

    op: Op
    weights: Array
    weight_zero: float
    bias: Array | int
    scale: Array | float
    given: Limits
    limits: Limits
    steps: float


def varying(graph: Graph, plain: Collection[Op]) -> dict[Op, Flags]:
    """Which output channels of the `plain` linear ops are not constant where their input's channels all vary freely.

    Ops that this quick look is not for are left out.
    """
    limits = _limits(graph, plain)
    layers = [layer for op in graph.ops if op in plain and (layer := _layer(op, limits)) is not None]
    found: dict[Op, Flags] = {}
    for some in _in_turns(layers):
        counts = [len(layer.weights) for layer in some]
        flags, start = _vary(some, counts), 0
        for layer, count in zip(some, counts, strict=True):
            found[layer.op] = flags[start : start + count]
            start += count
    return found


def _limits(graph: Graph, plain: Collection[Op]) -> dict[Tensor, Limits]:
    """What the outputs of the `plain` ops are clamped to, also behind poolings."""
    limits: dict[Tensor, Limits] = {}
    for op in graph.ops:
        if op in plain:
            limits[op.outputs[0]] = clamp_limits(op)
        elif op.kind in _POOLS and op.inputs[0] in limits and same_quantization(op.inputs[0], op.outputs[0]):
            limits[op.outputs[0]] = limits[op.inputs[0]]
    return limits


def _in_turns(layers: list[_Layer]) -> Iterator[list[_Layer]]:
    some: list[_Layer] = []
    channels = 0
    for layer in layers:
        if some and channels + len(layer.weights) > _MOST_CHANNELS:
            yield some
            some, channels = [], 0
        some.append(layer)
        channels += len(layer.weights)
    if some:
        yield some


def _vary(layers: list[_Layer], counts: list[int]) -> Flags:
    """Of all layers' channels in a row. Floats lose something in large sums only, far from any limit.

    In few kinds of numpy operations: the code of each one takes a first use, and memory from then on.
    """
    weights = np.zeros((_SAMPLE, sum(counts)), np.float32)
    bias, scale = np.empty(weights.shape[1], np.float32), np.empty(weights.shape[1], np.float32)
    start = 0
    for layer, count in zip(layers, counts, strict=True):
        columns = slice(start, start + count)
        sampled = weights[: layer.weights.shape[1], columns]
        sampled[...] = layer.weights.T
        if layer.weight_zero:
            sampled -= layer.weight_zero
        bias[columns], scale[columns] = layer.bias, layer.scale
        start += count
    ends = np.array([(*layer.given, *layer.limits, layer.steps) for layer in layers], np.float32)
    low, high, least, most, steps = np.repeat(ends.T, counts, axis=1)
    total = sum(weights)
    positive = sum(np.maximum(weights, 0, out=weights))
    negative = total - positive
    smallest = (positive * low + negative * high + bias) * scale
    largest = (positive * high + negative * low + bias) * scale
    # How far they are apart once both are clamped, or a negative number where both are beyond the same limit.
    apart = np.minimum(largest, most) - np.maximum(smallest, least)
    spare = _LARGEST_BIAS - np.maximum(bias, 0 - bias)
    return np.asarray(np.minimum(apart - steps, spare) > 0)


def _layer(op: Op, known: dict[Tensor, Limits]) -> _Layer | None:
    layout = LINEAR[op.kind]
    x, weight, bias = (optional_input(op, i) for i in (layout.x, layout.weight, layout.bias))
    y = op.outputs[0]
    if x is None or weight is None or weight.data is None or activation(op) in NO_CLAMPS:
        return None
    if op.kind == "TRANSPOSE_CONV" or (bias is not None and bias.data is None):
        return None
    data, weight_zero = stored_weights(weight)
    channels = data.shape[layout.out_axis]
    if weight_zero.size > 1 or data.size // channels > _MOST_WEIGHTS:
        return None
    grid = data.reshape(channels, -1) if layout.out_axis == 0 else data.reshape(-1, channels).T
    few, offset = grid[:, :_SAMPLE], 0 if bias is None or bias.data is None else bias.data
    low, high = known.get(x) or dtype_limits(x)
    limits = known[y]
    if not y.dtype.is_integer:
        given = max(low, -_UNBOUNDED), min(high, _UNBOUNDED)
        return _Layer(op, few, 0.0, offset, 1.0, given, (max(limits[0], -_UNBOUNDED), min(limits[1], _UNBOUNDED)), 0.0)
    assert x.quantization is not None and weight.quantization is not None and y.quantization is not None
    zero, y_zero = int(x.quantization.zero_point[0]), int(y.quantization.zero_point[0])
    if not low <= zero <= high or not limits[0] < limits[1]:
        return None
    return _Layer(
        op,
        few,
        float(weight_zero[0]),
        offset,
        weight.quantization.scale * (float(x.quantization.scale[0]) / float(y.quantization.scale[0])),
        (low - zero, high - zero),
        (limits[0] - y_zero, limits[1] - y_zero),
        _STEPS,
    )
