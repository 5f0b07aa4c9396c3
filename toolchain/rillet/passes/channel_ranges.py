"""What is known of each channel at convert time: an interval that holds every value it can ever take.

Values are stored values: integers of an int8 tensor, reals of a float one. An interval of one point is a
constant channel. Requantization is bounded so widely that every rounding in use (single, double, float)
falls inside: a channel counts as constant only where all of them give the same byte.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Graph, Op, Tensor
from .channel_sums import ChannelSums
from .edit import activation, is_quantized, optional_input, same_quantization
from .linear import LINEAR, NO_CLAMPS, Doubles, Limits, clamp_limits, dtype_limits, has_border
from .varying import Flags

_ROUNDING = 1e-5
_INT32 = 2.0**31 - 1


@dataclass
class Range:
    """Bounds of every channel (last axis), each of shape (channels,), both inclusive."""

    low: Doubles
    high: Doubles

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.low) & (self.low == self.high))

    def clip(self, low: float, high: float) -> Range:
        return Range(_clip(self.low, low, high), _clip(self.high, low, high))

    def including(self, value: float) -> Range:
        return Range(np.minimum(self.low, value), np.maximum(self.high, value))


def _clip(values: Doubles, low: float, high: float) -> Doubles:
    return np.minimum(np.maximum(values, low), high)  # a third of np.clip's time on a layer's channels


class Ranges:
    """The ranges of tensors, made where they are asked for: most are nothing but limits.

    Attributes:
        partly: tensors that have constant channels.
    """

    def __init__(self) -> None:
        self.partly: set[Tensor] = set()
        self._known: dict[Tensor, Range] = {}
        self._limits: dict[Tensor, Limits] = {}

    def limit(self, tensor: Tensor, limits: Limits) -> None:
        """All channels may take everything within `limits`."""
        self._limits[tensor] = limits

    def know(self, tensor: Tensor, known: Range) -> None:
        if tensor.shape and tensor.shape[-1] == known.low.size:
            self._known[tensor] = known
            if known.is_constant.any():
                self.partly.add(tensor)

    def of(self, tensor: Tensor) -> Range | None:
        """None for a tensor without a known last dimension."""
        found = self._known.get(tensor)
        if found is None and tensor.shape and tensor.shape[-1] is not None:
            low, high = self._limits.get(tensor) or dtype_limits(tensor)
            found = self._known[tensor] = _full(tensor, low, high)
        return found


def channel_ranges(graph: Graph, plain: Collection[Op], quick: Mapping[Op, Flags]) -> Ranges:
    """The ranges of every tensor whose last dimension is known, in one forward walk.

    Args:
        plain: the linear ops that `is_plain_linear` names: only they get ranges of their own.
        quick: what `varying` says of them.
    """
    ranges = Ranges()
    for op in graph.ops:
        rule = _RULES.get(op.kind)
        if rule is None or activation(op) in NO_CLAMPS:
            continue
        if rule is not _linear:
            found = rule(op, ranges)
        elif op not in plain:
            continue
        elif op.inputs[LINEAR[op.kind].x] in ranges.partly:  # what reads constant channels needs a closer look
            found = _linear(op, ranges)
        elif op in quick and quick[op].all():
            ranges.limit(op.outputs[0], clamp_limits(op))
            continue
        else:
            found = _linear(op, ranges, quick.get(op))
        if found is not None:
            ranges.know(op.outputs[0], found)
    return ranges


def _full(tensor: Tensor, low: float, high: float) -> Range:
    channels = tensor.shape[-1] or 0
    return Range(np.full(channels, float(low)), np.full(channels, float(high)))


def zero_of(tensor: Tensor) -> float:
    """The stored value that means 0.0."""
    quantization = tensor.quantization
    return float(quantization.zero_point[0]) if is_quantized(tensor) and quantization else 0.0


def _linear(op: Op, ranges: Ranges, vary: NDArray[np.bool_] | None = None) -> Range | None:
    """`vary`: channels whose range need not be exact."""
    layout = LINEAR[op.kind]
    x, weight, bias = (optional_input(op, i) for i in (layout.x, layout.weight, layout.bias))
    if x is None or weight is None or weight.data is None or (bias is not None and bias.data is None):
        return None
    if op.kind == "TRANSPOSE_CONV":
        return None
    given = ranges.of(x)
    if given is None:
        return None
    zero = zero_of(x)
    if (given.low > zero).any() or (given.high < zero).any():
        given = given.including(zero) if has_border(op) else given
    sums = ChannelSums(weight, layout, given.low - zero, given.high - zero)
    offset = np.zeros(sums.channels) if bias is None or bias.data is None else bias.data.astype(np.float64)
    multiplier = _multiplier(op, x, weight, sums.channels)
    limits = clamp_limits(op)

    def output(bounds: tuple[Doubles, Doubles], channels: NDArray[np.intp] | slice) -> Range:
        total = Range(bounds[0] + offset[channels], bounds[1] + offset[channels])
        if multiplier is not None:
            return _requantized(op, total, multiplier[channels], limits)
        return Range(total.low.astype(np.float32).astype(float), total.high.astype(np.float32).astype(float)).clip(
            *limits
        )

    everything = slice(None)
    if vary is not None and not sums.is_tiny:
        result, rest = _full(op.outputs[0], *limits), np.flatnonzero(~vary)
        if not sums.may_take(len(rest)):
            inside = output(sums.sampled(rest), rest)
            rest = rest[inside.low == inside.high]
        if not rest.size:
            return result
        exact = output(sums.of(rest), rest)
        result.low[rest], result.high[rest] = exact.low, exact.high
        return result
    if sums.is_small:
        return output(sums.of(everything), everything)
    result = output(sums.sampled(everything), everything)  # what is left out can only widen the interval
    varies, narrow = result.low < result.high, (result.low > limits[0]) | (result.high < limits[1])
    rest = np.flatnonzero(narrow if sums.may_take(int(narrow.sum())) else ~varies)
    result.low[:], result.high[:] = np.where(varies, limits[0], result.low), np.where(varies, limits[1], result.high)
    if rest.size:
        exact = output(sums.of(rest), rest)
        result.low[rest], result.high[rest] = exact.low, exact.high
    return result


def _multiplier(op: Op, x: Tensor, weight: Tensor, channels: int) -> Doubles | None:
    """Steps of the output in one step of the accumulator, by channel; None for floats."""
    y = op.outputs[0]
    if not is_quantized(y):
        return None
    assert x.quantization is not None and weight.quantization is not None and y.quantization is not None
    scale = weight.quantization.scale.astype(np.float64) * float(x.quantization.scale[0])
    return np.broadcast_to(scale / float(y.quantization.scale[0]), channels)


def _requantized(op: Op, total: Range, multiplier: Doubles, limits: tuple[float, float]) -> Range:
    y = op.outputs[0]
    margin = multiplier + _ROUNDING  # a double rounding moves the accumulator by less than one
    low, high = total.low * multiplier, total.high * multiplier
    low = np.floor(low - margin - np.abs(low) * _ROUNDING + 0.5)
    high = np.floor(high + margin + np.abs(high) * _ROUNDING + 0.5)
    zero = zero_of(y)
    result = Range(low + zero, high + zero).clip(*limits)
    wraps = (total.low < -_INT32) | (total.high > _INT32)
    if wraps.any():
        smallest, largest = y.dtype.limits
        return Range(np.where(wraps, smallest, result.low), np.where(wraps, largest, result.high))
    return result


def _passed_on(op: Op, ranges: Ranges) -> Range | None:
    """The output takes no value outside the input's range (poolings, shape changes that keep the last axis)."""
    x, y = op.inputs[0], op.outputs[0]
    if x is None or not x.shape or not y.shape or x.shape[-1] != y.shape[-1] or not same_quantization(x, y):
        return None
    given = ranges.of(x)
    return None if given is None else given.clip(*clamp_limits(op))


def _padded(op: Op, ranges: Ranges) -> Range | None:
    x = op.inputs[0]
    passed = _passed_on(op, ranges)
    return None if passed is None or x is None else passed.including(zero_of(x))


def _clamped(low: float, high: float) -> Callable[[Op, Ranges], Range | None]:
    def rule(op: Op, ranges: Ranges) -> Range | None:
        y = op.outputs[0]
        passed = _passed_on(op, ranges)
        if passed is None or (y.dtype.is_integer and (not is_quantized(y) or np.isfinite(high))):
            return None  # where a quantized upper bound rounds to is the kernel's business
        return passed.clip(low + zero_of(y), high + zero_of(y))

    return rule


def _added(op: Op, ranges: Ranges) -> Range | None:
    a, b = op.inputs
    if a is None or b is None or a.shape != b.shape or op.outputs[0].dtype is not DType.FLOAT32:
        return None
    first, second = ranges.of(a), ranges.of(b)
    if first is None or second is None:
        return None
    low = (first.low + second.low).astype(np.float32).astype(np.float64)
    high = (first.high + second.high).astype(np.float32).astype(np.float64)
    return Range(low, high).clip(*clamp_limits(op))


_RULES: dict[str, Callable[[Op, Ranges], Range | None]] = {
    **dict.fromkeys(LINEAR, _linear),
    **dict.fromkeys(("MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "SQUEEZE"), _passed_on),
    "PAD": _padded,
    "ADD": _added,
    "RELU": _clamped(0.0, np.inf),
    "RELU6": _clamped(0.0, 6.0),
    "RELU_N1_TO_1": _clamped(-1.0, 1.0),
}
