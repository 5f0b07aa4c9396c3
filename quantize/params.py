"""Scale and zero point from a range, and stored values from real ones.

TensorFlow Lite's 8-bit quantization specification: weights symmetric in [-127, 127], activations asymmetric
with 0.0 exactly representable, biases int32 with scale input x weight and zero point 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Quantization

Floats = NDArray[np.float32]
_SMALLEST_SCALE = 1e-9
_LARGEST_BIAS = 2.0**30  # int32 with room for the accumulated products


def activation_params(low: float, high: float, dtype: DType) -> Quantization:
    """Scale and zero point that cover [low, high] and 0; int16 is symmetric."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    smallest, largest = dtype.limits
    if dtype is DType.INT16:
        return Quantization.per_tensor(max(-low, high, _SMALLEST_SCALE * largest) / largest, 0)
    if high == low:
        return Quantization.per_tensor(1.0 / (largest - smallest), smallest)
    scale = max((high - low) / (largest - smallest), _SMALLEST_SCALE)
    zero_point = int(np.clip(np.rint(smallest - low / scale), smallest, largest))
    return Quantization.per_tensor(scale, zero_point)


def weight_params(
    weights: Floats, axis: int | None, dtype: DType, given: Quantization | None = None, bias_units: Floats | None = None
) -> Quantization:
    """Symmetric scales, one for each slice along `axis` (None: one for all).

    Args:
        given: ranges that training recorded (min and max), used in place of the weights' own.
        bias_units: |bias| / input scale for each channel. A scale so small that the int32 bias would overflow
            is raised to where it fits, as TensorFlow's converter does: such a channel's weights are next to nothing.
    """
    others = None if axis is None else tuple(i for i in range(weights.ndim) if i != axis)
    largest = np.abs(weights).max(axis=others, initial=0.0).astype(np.float64).reshape(-1)
    if given is not None and given.min is not None and given.max is not None and given.min.size == largest.size:
        largest = np.maximum(np.abs(given.min), np.abs(given.max)).astype(np.float64)
    scale = np.where(largest > 0, largest, 1.0) / dtype.limits[1]
    if bias_units is not None:
        needed = bias_units.astype(np.float64) / _LARGEST_BIAS
        scale = np.maximum(scale, needed if axis is not None else needed.max(initial=0.0))
    stored: Floats = np.maximum(scale, 1e-30).astype(np.float32)
    return Quantization(stored, np.zeros(stored.size, np.int64), axis or 0)


def quantize_symmetric(values: Floats, params: Quantization, dtype: DType) -> NDArray[np.int8]:
    """Stored weights: rounded to nearest, the most negative value left out."""
    scale = params.scale
    if params.is_per_axis:
        shape = [1] * values.ndim
        shape[params.axis] = -1
        scale = scale.reshape(shape)
    limit = dtype.limits[1]
    stored: NDArray[np.int8] = np.clip(np.rint(values / scale), -limit, limit).astype(np.int8)
    return stored


def bias_params(x: Quantization, weight: Quantization) -> Quantization:
    scale = (x.scale[0].astype(np.float64) * weight.scale).astype(np.float32)
    return Quantization(scale, np.zeros(scale.size, np.int64), 0)


def quantize_bias(bias: Floats, params: Quantization, dtype: DType) -> NDArray[np.generic]:
    low, high = dtype.limits
    return np.clip(np.rint(bias / params.scale.astype(np.float64)), low, high).astype(dtype.numpy)
