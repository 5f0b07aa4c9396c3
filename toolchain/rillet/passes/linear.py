"""The ops that are linear in their input, and the affine elementwise ops that can be folded into them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Activation, DType, Op, Padding, Tensor
from ..ops.window import pad_before
from .edit import activation, is_quantized, optional_input

Doubles = NDArray[np.float64]
Limits = tuple[float, float]
NO_CLAMPS = (Activation.TANH, Activation.SIGN_BIT)
"""Fused activations that are not known by their bounds."""


@dataclass(frozen=True)
class Linear:
    """Where a linear op keeps its operands, and the channel axes of its weights."""

    x: int
    weight: int
    bias: int
    out_axis: int
    in_axis: int


LINEAR = {
    "CONV_2D": Linear(x=0, weight=1, bias=2, out_axis=0, in_axis=3),
    "DEPTHWISE_CONV_2D": Linear(x=0, weight=1, bias=2, out_axis=3, in_axis=3),
    "FULLY_CONNECTED": Linear(x=0, weight=1, bias=2, out_axis=0, in_axis=1),
    "TRANSPOSE_CONV": Linear(x=2, weight=1, bias=3, out_axis=0, in_axis=3),
}


@dataclass
class Affine:
    """y = x * scale + shift per channel; both have one element or one per channel."""

    x: Tensor
    scale: Doubles
    shift: Doubles


def linear_parts(op: Op) -> tuple[Linear, Tensor, Tensor | None] | None:
    """Layout, weights and bias of a float linear op with constant weights; None for any other op."""
    layout = LINEAR.get(op.kind)
    if layout is None or getattr(op.attrs, "weights_format", False) or optional_input(op, layout.x) is None:
        return None
    weight, bias = optional_input(op, layout.weight), optional_input(op, layout.bias)
    if weight is None or not _is_float_constant(weight) or (bias is not None and not _is_float_constant(bias)):
        return None
    return layout, weight, bias


def affine_parts(op: Op) -> Affine | None:
    """MUL, ADD, SUB and DIV of a float tensor by a constant that varies along the last axis only."""
    if op.kind not in ("MUL", "ADD", "SUB", "DIV") or op.outputs[0].dtype is not DType.FLOAT32:
        return None
    first, second = op.inputs
    if first is None or second is None or first.is_constant == second.is_constant:
        return None
    x, constant = (second, first) if first.is_constant else (first, second)
    vector = _along_last_axis(constant, x)
    if vector is None or op.outputs[0].shape != x.shape:
        return None
    one, zero = np.ones(1), np.zeros(1)
    if op.kind == "MUL":
        return Affine(x, vector, zero)
    if op.kind == "ADD":
        return Affine(x, one, vector)
    if op.kind == "SUB":
        return Affine(x, -one, vector) if first.is_constant else Affine(x, one, -vector)
    return None if first.is_constant or not vector.all() else Affine(x, 1.0 / vector, zero)


def has_border(op: Op) -> bool:
    """True where the op pads its input, or may (unknown extents)."""
    padding = getattr(op.attrs, "padding", Padding.VALID)
    if op.kind == "TRANSPOSE_CONV":
        return True
    if padding is not Padding.SAME:
        return False
    layout = LINEAR[op.kind]
    x, weight = op.inputs[layout.x], op.inputs[layout.weight]
    assert x is not None and weight is not None
    a = op.attrs
    for axis, letter in ((1, "h"), (2, "w")):
        size, kernel = x.shape[axis], weight.static_shape[axis]
        stride, dilation = getattr(a, f"stride_{letter}"), getattr(a, f"dilation_{letter}_factor")
        if size is None:
            if kernel > 1:
                return True
        elif pad_before(size, kernel, stride, dilation, Padding.SAME) != (0, 0):
            return True
    return False


def clamp_limits(op: Op) -> Limits:
    """The fused activation's bounds in stored values (TFLite's CalculateActivationRange), dtype included."""
    y = op.outputs[0]
    fused = activation(op) or Activation.NONE
    low, high = fused.bounds if fused not in NO_CLAMPS else (-np.inf, np.inf)
    if not y.dtype.is_integer or y.quantization is None or not y.quantization.scale.size:
        return low, high
    scale, zero = float(y.quantization.scale[0]), float(y.quantization.zero_point[0])
    stored = [zero + math.trunc(b / scale + math.copysign(0.5, b)) if math.isfinite(b) else b for b in (low, high)]
    smallest, largest = y.dtype.limits
    return max(smallest, stored[0]), min(largest, stored[1])


def dtype_limits(tensor: Tensor) -> Limits:
    """Everything that the dtype can hold."""
    return tensor.dtype.limits if tensor.dtype.is_integer else (-np.inf, np.inf)


def is_plain_linear(op: Op) -> bool:
    """All float32, or int8 with int32 bias; ungrouped; weights dense; one input channel per weight channel."""
    layout = LINEAR[op.kind]
    x, weight, bias = (optional_input(op, i) for i in (layout.x, layout.weight, layout.bias))
    if x is None or weight is None or weight.sparsity is not None or getattr(op.attrs, "weights_format", False):
        return False
    types = (x.dtype, weight.dtype, op.outputs[0].dtype, None if bias is None else bias.dtype)
    floats = (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32)
    integers = (DType.INT8, DType.INT8, DType.INT8)
    fits = bool(x.shape) and len(weight.shape) > layout.in_axis and x.shape[-1] == weight.shape[layout.in_axis]
    if types[:3] == floats:
        return fits and types[3] in (None, DType.FLOAT32)
    quantized = all(is_quantized(t) for t in (x, weight, op.outputs[0]))
    stored = weight.quantization
    if stored is not None and stored.is_per_axis and stored.axis != layout.out_axis:
        return False
    return fits and quantized and types[:3] == integers and types[3] in (None, DType.INT32)


def along(axis: int, ndim: int, vector: Doubles) -> Doubles:
    """`vector` shaped to broadcast along one axis of an array."""
    shape = [1] * ndim
    shape[axis] = -1
    return vector.reshape(shape)


def _is_float_constant(tensor: Tensor) -> bool:
    return tensor.is_constant and tensor.dtype is DType.FLOAT32 and tensor.sparsity is None


def _along_last_axis(constant: Tensor, x: Tensor) -> Doubles | None:
    data = constant.data
    if data is None or constant.dtype is not DType.FLOAT32 or not x.shape:
        return None
    if data.size != 1 and (data.shape[-1] != data.size or data.size != x.shape[-1]):
        return None
    return data.reshape(-1).astype(np.float64)
