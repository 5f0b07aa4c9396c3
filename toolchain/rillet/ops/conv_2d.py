"""CONV_2D and DEPTHWISE_CONV_2D: NHWC input, filters OHWI / 1HWC, optional bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, DType, Op, Padding, Shape
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .window import output_extent, windows


@dataclass
class Conv2DAttrs(Attrs):
    padding: Padding = Padding.SAME
    stride_w: int = 1
    stride_h: int = 1
    fused_activation_function: Activation = Activation.NONE
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1
    quantized_bias_type: DType = DType.FLOAT32


@dataclass
class DepthwiseConv2DAttrs(Attrs):
    padding: Padding = Padding.SAME
    stride_w: int = 1
    stride_h: int = 1
    depth_multiplier: int = 1
    fused_activation_function: Activation = Activation.NONE
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1


def _spatial(op: Op, x: Shape, kernel: tuple[int, int]) -> tuple[int | None, int | None]:
    a = op.attrs
    assert isinstance(a, (Conv2DAttrs, DepthwiseConv2DAttrs))
    return (
        output_extent(x[1], kernel[0], a.stride_h, a.dilation_h_factor, a.padding),
        output_extent(x[2], kernel[1], a.stride_w, a.dilation_w_factor, a.padding),
    )


def _infer_conv(op: Op) -> list[tuple[Shape, DType]]:
    x, w = operand(op, 0), operand(op, 1)
    out, kh, kw, depth = w.static_shape
    if len(x.shape) != 4 or x.shape[3] is None or x.shape[3] % depth or out % (x.shape[3] // depth):
        raise ShapeError(f"CONV_2D '{op.where}': input {x.shape} does not fit filters {w.shape} (out, h, w, in)")
    return [((x.shape[0], *_spatial(op, x.shape, (kh, kw)), out), x.dtype)]


def _infer_depthwise(op: Op) -> list[tuple[Shape, DType]]:
    x, w = operand(op, 0), operand(op, 1)
    _, kh, kw, out = w.static_shape
    if len(x.shape) != 4 or x.shape[3] is None or out % x.shape[3]:
        raise ShapeError(f"DEPTHWISE_CONV_2D '{op.where}': input {x.shape} does not fit filters {w.shape} (1, h, w, out)")
    return [((x.shape[0], *_spatial(op, x.shape, (kh, kw)), out), x.dtype)]


def _patches(op: Op, x: Array, kernel: tuple[int, int]) -> Array:
    a = op.attrs
    assert isinstance(a, (Conv2DAttrs, DepthwiseConv2DAttrs))
    return windows(x, kernel, (a.stride_h, a.stride_w), (a.dilation_h_factor, a.dilation_w_factor), a.padding)


def _finish(op: Op, y: Array, bias: Array | None) -> list[Array]:
    a = op.attrs
    assert isinstance(a, (Conv2DAttrs, DepthwiseConv2DAttrs))
    if bias is not None:
        y = y + bias
    return [np.clip(y, *a.fused_activation_function.bounds)]


def _compute_conv(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, w, bias = (*arrays, None)[:3]
    assert x is not None and w is not None
    out, kh, kw, depth = w.shape
    patches = _patches(op, x, (kh, kw))  # n, oh, ow, kh, kw, c
    groups = x.shape[3] // depth
    parts = [
        np.tensordot(patches[..., g * depth : (g + 1) * depth], w[g * (out // groups) : (g + 1) * (out // groups)],
                     axes=((3, 4, 5), (1, 2, 3)))
        for g in range(groups)
    ]
    return _finish(op, np.concatenate(parts, axis=-1), bias)


def _compute_depthwise(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, w, bias = (*arrays, None)[:3]
    assert x is not None and w is not None
    kh, kw, out = w.shape[1:]
    patches = _patches(op, x, (kh, kw))
    filters = w.reshape(kh, kw, x.shape[3], out // x.shape[3])
    y = np.einsum("nyxhwc,hwcm->nyxcm", patches, filters)
    return _finish(op, y.reshape(*y.shape[:3], out), bias)


def _macs(op: Op) -> int:
    weights = operand(op, 1).static_shape
    per_output = weights[1] * weights[2] * (weights[3] if op.kind == "CONV_2D" else 1)
    return op.outputs[0].size * per_output


register(OpDef(
    kind="CONV_2D", code=3, options="Conv2DOptions", attrs=Conv2DAttrs,
    infer=_infer_conv, compute=_compute_conv, macs=_macs,
    quant=QuantRule(weight=1, weight_axis=0, bias=2),
    version=lambda op: 3 if operand(op, 0).dtype is DType.INT8 else 1,
    onnx="Conv", keras="Conv2D",
))
register(OpDef(
    kind="DEPTHWISE_CONV_2D", code=4, options="DepthwiseConv2DOptions", attrs=DepthwiseConv2DAttrs,
    infer=_infer_depthwise, compute=_compute_depthwise, macs=_macs,
    quant=QuantRule(weight=1, weight_axis=3, bias=2),
    version=lambda op: 3 if operand(op, 0).dtype is DType.INT8 else 1,
    keras="DepthwiseConv2D",
))
