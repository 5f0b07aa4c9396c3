"""Bounds of the sums that a linear op's output channels can take, given bounds of its input channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ir import Tensor
from .edit import Array, is_quantized
from .linear import Doubles, Linear

Bounds = tuple[Doubles, Doubles]

_SAMPLE = 64  # weights of each output channel in a sample
_AFFORDABLE = 16384  # weights that are summed exactly without need
_NOTHING = 4096  # the same where it is known of most channels that there is no need: first layers

_NONE = np.zeros(1)  # zero point 0
_NONE.flags.writeable = False


class ChannelSums:
    """The sums of one op, bias left out.

    Args:
        weight: constant weights. low, high: bounds of every input channel, less its zero point.
    """

    def __init__(self, weight: Tensor, layout: Linear, low: Doubles, high: Doubles) -> None:
        data, self._zero = stored_weights(weight)
        self._grid: Array
        self._low, self._high = low, high
        self._channelwise = layout.out_axis == layout.in_axis  # depthwise: an output channel reads one input channel
        if self._channelwise:
            self._grid = data.reshape(-1, data.shape[-1])
            self.channels = self._grid.shape[1]
        else:
            self._grid = by_channels(data)
            self.channels = len(self._grid)
        self.is_small = self._channelwise or self._grid.size <= _AFFORDABLE
        self.is_tiny = self._grid.size <= _NOTHING

    def may_take(self, channels: int) -> bool:
        """Whether so many channels' exact sums cost little."""
        return bool(channels * (self._grid.size // max(1, self.channels)) <= _AFFORDABLE)

    def of(self, channels: NDArray[np.intp] | slice) -> Bounds:
        """Lower and upper bounds of some output channels."""
        zero = self._zero[channels] if self._zero.size > 1 else self._zero
        if self._channelwise:
            low, high = self._low[channels], self._high[channels]
            positive, negative = _signs(self._grid[:, channels].astype(np.float64), zero, axis=0)
            return _times(positive, low) + _times(negative, high), _times(positive, high) + _times(negative, low)
        return self._sums(self._grid[channels], zero, self._low, self._high)

    def sampled(self, channels: NDArray[np.intp] | slice) -> Bounds:
        """An interval inside of every output channel's, from a few of its weights.

        An input channel that can be zero only widens an interval; those that cannot are all taken.
        """
        columns = (self._low > 0) | (self._high < 0)
        columns[: max(1, _SAMPLE // self._grid.shape[1])] = True
        taken = np.flatnonzero(columns)
        few: NDArray[np.intp] | slice = slice(0, len(taken)) if taken[-1] == len(taken) - 1 else taken
        zero = self._zero[channels] if self._zero.size > 1 else self._zero
        return self._sums(self._grid[channels][:, :, few], zero, self._low[few], self._high[few])

    def _sums(self, grid: Array, zero: Doubles, low: Doubles, high: Doubles) -> Bounds:
        positive, negative = _signs(grid.astype(np.float64), zero[:, None, None], axis=1)
        if np.isfinite(low).all() and np.isfinite(high).all():
            return dot(positive, low) + dot(negative, high), dot(positive, high) + dot(negative, low)
        smallest, largest = (
            _times(positive, low) + _times(negative, high),
            _times(positive, high) + _times(negative, low),
        )
        return smallest.sum(axis=1), largest.sum(axis=1)


def by_channels(weights: Array) -> Array:
    """Weights of an op that mixes channels as (output channels, positions of the window, input channels)."""
    return weights.reshape(weights.shape[0], -1, weights.shape[-1])


def _signs(weights: Doubles, zero: Doubles, axis: int) -> tuple[Doubles, Doubles]:
    """Positive and negative weights, each summed over the window's positions."""
    if zero.any():
        weights = weights - zero
    positive = np.maximum(weights, 0.0)
    negative = weights - positive
    if weights.shape[axis] == 1:
        return positive.squeeze(axis), negative.squeeze(axis)
    return np.add.reduce(positive, axis), np.add.reduce(negative, axis)


def _times(sums: Doubles, bound: Doubles) -> Doubles:
    """No weight times infinity counts as nothing."""
    with np.errstate(invalid="ignore"):
        product = sums * bound
    product[sums == 0] = 0.0
    return product


def dot(matrix: Doubles, vector: Doubles) -> Doubles:
    """Not `@`: BLAS would wake its threads for so little, which then spin for milliseconds."""
    sums: Doubles = np.einsum("ij,j->i", matrix, vector)
    return sums


def stored_weights(weight: Tensor) -> tuple[Array, Doubles]:
    """The stored values, and their zero point: one, or one for each slice along the quantized axis."""
    assert weight.data is not None
    if not is_quantized(weight) or weight.quantization is None:
        return weight.data, _NONE
    zero = weight.quantization.zero_point
    if zero.size == 1:
        return weight.data, _NONE if zero.item() == 0 else zero.astype(np.float64)
    return weight.data, zero.astype(np.float64) if zero.any() else _NONE


def real_weights(weight: Tensor, channels: NDArray[np.intp], axis: int) -> Doubles:
    """Some slices along `axis`, not the quantized one, of weights less their zero point: exact where quantized."""
    data, zero = stored_weights(weight)
    values: Doubles = np.take(data, channels, axis).astype(np.float64)
    if zero.size > 1:
        shape = [1] * values.ndim
        assert weight.quantization is not None
        shape[weight.quantization.axis] = -1
        values -= zero.reshape(shape)
    else:
        values -= zero[0]
    return values
