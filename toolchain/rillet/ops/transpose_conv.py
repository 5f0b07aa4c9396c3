"""TRANSPOSE_CONV: inputs are output shape, filters (out, h, w, in), NHWC values, optional bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir import Activation, Attrs, DType, Op, Padding, Tensor
from .gradient import GradientBuilder, Gradients, activated, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, activate, filters, ints, ranked
from .window import output_extent, pad_before


@dataclass
class TransposeConvAttrs(Attrs):
    padding: Padding = Padding.SAME
    stride_w: int = 1
    stride_h: int = 1
    fused_activation_function: Activation = Activation.NONE
    quantized_bias_type: DType = DType.FLOAT32


def _infer(op: Op) -> Results:
    shape, w, x, a = ints(op, 0), operand(op, 1), operand(op, 2), op.attrs
    assert isinstance(a, TransposeConvAttrs)
    out, kh, kw, depth = filters(op, 1, 4, "out, height, width, in")
    if ranked(op, 2, 4, "batch, height, width, channels")[3] not in (depth, None):
        raise ShapeError(f"TRANSPOSE_CONV '{op.where}': input {x.shape} does not fit filters {w.shape} (out, h, w, in)")
    if shape is None:
        return [((x.shape[0], None, None, out), x.dtype)]
    if len(shape) != 4 or shape[3] != out or min(shape) < 0:
        raise ShapeError(f"TRANSPOSE_CONV '{op.where}': output shape {shape} does not fit filters {w.shape}")
    for axis, kernel, stride in ((1, kh, a.stride_h), (2, kw, a.stride_w)):
        if x.shape[axis] not in (None, output_extent(shape[axis], kernel, stride, 1, a.padding)):
            raise ShapeError(f"TRANSPOSE_CONV '{op.where}': output {shape} is not what input {x.shape} grows to")
    return [(shape, x.dtype)]


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """One matrix product gives what each input pixel adds under the filter; the filter positions are then laid out."""
    shape, w, x, bias = (*arrays, None)[:4]
    assert shape is not None and w is not None and x is not None and isinstance(op.attrs, TransposeConvAttrs)
    a = op.attrs
    out, kh, kw, _ = w.shape
    n, ih, iw, _ = x.shape
    height, width = shape.reshape(-1).tolist()[1:3]
    top = pad_before(height, kh, a.stride_h, 1, a.padding)[0]
    left = pad_before(width, kw, a.stride_w, 1, a.padding)[0]
    parts = np.tensordot(x, w, axes=((3,), (3,)))  # n, ih, iw, out, kh, kw
    reach_h = max((ih - 1) * a.stride_h + kh, top + height)
    reach_w = max((iw - 1) * a.stride_w + kw, left + width)
    grown = np.zeros((n, reach_h, reach_w, out), parts.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(i, i + (ih - 1) * a.stride_h + 1, a.stride_h)
            columns = slice(j, j + (iw - 1) * a.stride_w + 1, a.stride_w)
            grown[:, rows, columns] += parts[..., i, j]
    y = grown[:, top : top + height, left : left + width]
    if bias is not None:
        y = y + bias
    return [activate(y, a.fused_activation_function)]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """This operator is a convolution backwards: its gradients are that convolution, and its filter's gradient.

    As a convolution's, the filters are (in, h, w, out).
    """
    w, x, a = operand(op, 1), operand(op, 2), op.attrs
    assert isinstance(a, TransposeConvAttrs)
    geometry: dict[str, Any] = {"padding": a.padding, "stride_w": a.stride_w, "stride_h": a.stride_h}
    swap = (3, 1, 2, 0)
    filters = b.transpose(w, swap)
    dx = b.op("CONV_2D", [dy, filters], **geometry)
    dw = b.op("rillet.CONV_2D_FILTER_GRADIENT", [dy, x, b.shape(filters)], **geometry)
    bias = op.inputs[3] if len(op.inputs) > 3 else None
    return [None, b.transpose(dw, swap), dx, None if bias is None else b.sum(dy, (0, 1, 2))]


def _macs(op: Op) -> int:
    out, kh, kw, _ = operand(op, 1).static_shape
    return operand(op, 2).size * kh * kw * out


def _version(op: Op) -> int:
    a, bias = op.attrs, op.inputs[3] if len(op.inputs) > 3 else None
    assert isinstance(a, TransposeConvAttrs)
    if operand(op, 2).dtype is DType.INT16 and a.quantized_bias_type is not DType.FLOAT32:
        return 5
    if a.fused_activation_function is not Activation.NONE:
        return 4
    return 3 if bias is not None else 2 if operand(op, 1).dtype is DType.INT8 else 1


register(
    OpDef(
        kind="TRANSPOSE_CONV",
        code=67,
        options="TransposeConvOptions",
        attrs=TransposeConvAttrs,
        infer=_infer,
        compute=_compute,
        gradient=activated(single(_gradient)),
        macs=_macs,
        quant=QuantRule(weight=1, weight_axis=0, bias=3),
        version=_version,
        onnx="ConvTranspose",
        keras="Conv2DTranspose",
    )
)
