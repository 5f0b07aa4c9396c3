"""Bounds of the sums that a linear op's output channels can take, given bounds of its input channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ir import Tensor
from .edit import Array, is_quantized
from .linear import Doubles, Linear

_SAMPLE = 32  # weights of each output channel in a sample
_AFFORDABLE = 16384  # weights that are summed exactly without need


class ChannelSums:
    """The sums of one op, bias left out.

    Args:
        weight: constant weights. low, high: bounds of every input channel, less its zero point.
    """

    def __init__(self, weight: Tensor, layout: Linear, low: Doubles, high: Doubles) -> None:
        data, zero = stored_weights(weight)
        self._scale_axis_zero = zero if zero.size > 1 else None
        self._zero = float(zero[0]) if zero.size == 1 else 0.0
        if layout.out_axis == layout.in_axis:  # depthwise: each output channel reads one input channel
            self._grid = data.reshape(-1, data.shape[-1]).T[:, :, None]
            self._low, self._high = low[:, None], high[:, None]
        else:
            self._grid = np.moveaxis(data, (layout.out_axis, layout.in_axis), (0, -1)).reshape(
                data.shape[layout.out_axis], -1, data.shape[layout.in_axis]
            )
            self._low, self._high = low[None], high[None]
        self.channels = len(self._grid)
        self.is_small = self._grid.size <= _AFFORDABLE or self._grid.shape[2] == 1

    def may_take(self, channels: int) -> bool:
        """Whether so many channels' exact sums cost little."""
        return bool(channels * self._grid[0].size <= _AFFORDABLE)

    def of(self, channels: NDArray[np.intp] | slice) -> tuple[Doubles, Doubles]:
        """Lower and upper bounds of some output channels."""
        rows = self._low.shape[0] > 1
        low, high = (self._low[channels], self._high[channels]) if rows else (self._low, self._high)
        return _bounds(self._values(self._grid[channels], channels), low, high)

    def sampled(self) -> tuple[Doubles, Doubles]:
        """An interval inside of every output channel's, from a few of its weights.

        An input channel that can be zero only widens an interval; those that cannot are all taken.
        """
        columns = np.zeros(self._grid.shape[2], bool)
        columns[: max(1, _SAMPLE // self._grid.shape[1])] = True
        columns |= (self._low[0] > 0) | (self._high[0] < 0)
        taken = np.flatnonzero(columns)
        few: NDArray[np.intp] | slice = slice(0, len(taken)) if taken[-1] == len(taken) - 1 else taken
        grid = self._values(self._grid[:, :, few], slice(None))
        return _bounds(grid, self._low[:, few], self._high[:, few])

    def _values(self, grid: Array, channels: NDArray[np.intp] | slice) -> Doubles:
        values = grid.astype(np.float64)
        if self._scale_axis_zero is not None:
            values -= self._scale_axis_zero[channels][:, None, None]
        elif self._zero:
            values -= self._zero
        return values


def _bounds(weights: Doubles, low: Doubles, high: Doubles) -> tuple[Doubles, Doubles]:
    """From weights (outputs, positions, inputs) and inputs' bounds (1 or outputs, inputs)."""
    positive = np.maximum(weights, 0.0)
    negative = weights - positive
    if weights.shape[1] > 1:
        positive, negative = positive.sum(axis=1), negative.sum(axis=1)
    else:
        positive, negative = positive[:, 0], negative[:, 0]
    if np.isfinite(low).all() and np.isfinite(high).all():
        if len(low) == 1:
            low, high = low[0], high[0]
            return _dot(positive, low) + _dot(negative, high), _dot(positive, high) + _dot(negative, low)
        return (positive * low + negative * high).sum(axis=1), (positive * high + negative * low).sum(axis=1)
    with np.errstate(invalid="ignore"):  # no weight times infinity counts as nothing

        def times(sums: Doubles, bound: Doubles) -> Doubles:
            return np.where(sums == 0, 0.0, sums * bound)

        smallest = times(positive, low) + times(negative, high)
        return smallest.sum(axis=1), (times(positive, high) + times(negative, low)).sum(axis=1)


def _dot(matrix: Doubles, vector: Doubles) -> Doubles:
    sums: Doubles = np.einsum("ij,j->i", matrix, vector)  # not `@`: BLAS would wake its threads for so little
    return sums


def stored_weights(weight: Tensor) -> tuple[Array, Doubles]:
    """The stored values, and their zero point: one, or one for each slice along the quantized axis."""
    assert weight.data is not None
    if not is_quantized(weight) or weight.quantization is None:
        return weight.data, np.zeros(1)
    zero = weight.quantization.zero_point
    return weight.data, zero.astype(np.float64) if zero.any() else np.zeros(1)


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
