"""CONV_2D and DEPTHWISE_CONV_2D: NHWC input, filters OHWI / 1HWC, optional bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import DType, Op, Shape
from .conv_attrs import Conv2DAttrs, DepthwiseConv2DAttrs
from .conv_gradients import convolution_gradient
from .gradient import activated
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import activate, filters, ranked
from .window import output_extent, windows

BLOCK_BYTES = 1 << 20  # of patches at a time; measured flat from 0.25 to 4 MiB


def _spatial(op: Op, x: Shape, kernel: tuple[int, int]) -> tuple[int | None, int | None]:
    a = op.attrs
    assert isinstance(a, (Conv2DAttrs, DepthwiseConv2DAttrs))
    return (
        output_extent(x[1], kernel[0], a.stride_h, a.dilation_h_factor, a.padding),
        output_extent(x[2], kernel[1], a.stride_w, a.dilation_w_factor, a.padding),
    )


def _infer_conv(op: Op) -> list[tuple[Shape, DType]]:
    x = operand(op, 0)
    channels = ranked(op, 0, 4, "batch, height, width, channels")[3]
    out, kh, kw, depth = filters(op, 1, 4, "out, height, width, in")
    if not channels or channels % depth or out % (channels // depth):
        raise ShapeError(f"CONV_2D '{op.where}': input {x.shape} does not fit filters {(out, kh, kw, depth)}")
    return [((x.shape[0], *_spatial(op, x.shape, (kh, kw)), out), x.dtype)]


def _infer_depthwise(op: Op) -> list[tuple[Shape, DType]]:
    x = operand(op, 0)
    channels = ranked(op, 0, 4, "batch, height, width, channels")[3]
    one, kh, kw, out = filters(op, 1, 4, "1, height, width, out")
    if not channels or out % channels or one != 1:
        raise ShapeError(f"{op.kind} '{op.where}': input {x.shape} does not fit filters {(one, kh, kw, out)}")
    return [((x.shape[0], *_spatial(op, x.shape, (kh, kw)), out), x.dtype)]


def _patches(op: Op, x: Array, kernel: tuple[int, int]) -> Array:
    a = op.attrs
    assert isinstance(a, (Conv2DAttrs, DepthwiseConv2DAttrs))
    return windows(x, kernel, (a.stride_h, a.stride_w), (a.dilation_h_factor, a.dilation_w_factor), a.padding)


def _finish(op: Op, y: Array, bias: Array | None) -> list[Array]:
    a = op.attrs
    assert isinstance(a, (Conv2DAttrs, DepthwiseConv2DAttrs))
    if bias is not None:
        y += bias
    return [activate(y, a.fused_activation_function)]


def _compute_conv(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, w, bias = (*arrays, None)[:3]
    assert x is not None and w is not None
    out, kh, kw, depth = w.shape
    patches = _patches(op, x, (kh, kw))  # n, oh, ow, kh, kw, c
    groups = x.shape[3] // depth
    y = np.empty((*patches.shape[:3], out), x.dtype)
    for g in range(groups):
        channels = slice(g * (out // groups), (g + 1) * (out // groups))
        matrix = w[channels].reshape(-1, kh * kw * depth).T
        _multiply(patches[..., g * depth : (g + 1) * depth], matrix, y[..., channels])
    return _finish(op, y, bias)


def _multiply(patches: Array, matrix: Array, y: Array) -> None:
    """Patches (n, h, w, kh, kw, c) times matrix (kh*kw*c, out) into y, some images or rows of one at a time.

    Laying patches out as a matrix copies each value kh*kw times: blocks keep that in the cache and the peak low.
    """
    n, height, width = patches.shape[:3]
    row_bytes = max(1, width * matrix.shape[0] * 4)
    images, rows = max(1, BLOCK_BYTES // (row_bytes * max(1, height))), max(1, BLOCK_BYTES // row_bytes)
    for i in range(0, n, images):
        for j in range(0, height, rows):
            block = patches[i : i + images, j : j + rows]
            y[i : i + images, j : j + rows] = block.reshape(*block.shape[:3], -1) @ matrix


def _compute_depthwise(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, w, bias = (*arrays, None)[:3]
    assert x is not None and w is not None
    kh, kw, out = w.shape[1:]
    patches = _patches(op, x, (kh, kw))
    kernel = w.reshape(kh, kw, x.shape[3], out // x.shape[3])
    # One filter position at a time: whole-plane products are several times faster than einsum over the windows.
    y = np.zeros((*patches.shape[:3], x.shape[3], out // x.shape[3]), x.dtype)
    for i in range(kh):
        for j in range(kw):
            y += patches[:, :, :, i, j, :, None] * kernel[i, j]
    return _finish(op, y.reshape(*y.shape[:3], out), bias)


def _macs(op: Op) -> int:
    weights = operand(op, 1).static_shape
    per_output = weights[1] * weights[2] * (weights[3] if op.kind == "CONV_2D" else 1)
    return op.outputs[0].size * per_output


def _conv_version(op: Op) -> int:
    """From LiteRT's op_version.cc, as is the next one."""
    x, w, a = operand(op, 0), operand(op, 1), op.attrs
    assert isinstance(a, Conv2DAttrs)
    is_grouped = x.shape[-1:] != w.shape[-1:] and x.shape[-1:] != (None,)
    rules = (
        (8, x.dtype is DType.INT16 and a.quantized_bias_type is not DType.FLOAT32),
        (6, is_grouped),
        (4, x.dtype is DType.INT16),
        (7, x.dtype is DType.INT8 and w.dtype is DType.INT4),
        (3, x.dtype is DType.INT8),
        (5, w.dtype is DType.INT8 and w.quantization is not None and w.quantization.is_per_axis),
        (2, w.dtype is DType.INT8),
    )
    return next((version for version, applies in rules if applies), 1)


def _depthwise_version(op: Op) -> int:
    x, w, a = operand(op, 0), operand(op, 1), op.attrs
    assert isinstance(a, DepthwiseConv2DAttrs)
    rules = (
        (5, x.dtype is DType.INT16),
        (7, x.dtype is DType.INT8 and w.dtype is DType.INT4),
        (3, x.dtype is DType.INT8),
        (6, w.dtype is DType.INT8 and w.quantization is not None and w.quantization.is_per_axis),
        (4, w.dtype is DType.INT8),
        (2, (a.dilation_h_factor, a.dilation_w_factor) != (1, 1)),
    )
    return next((version for version, applies in rules if applies), 1)


register(
    OpDef(
        kind="CONV_2D",
        code=3,
        options="Conv2DOptions",
        attrs=Conv2DAttrs,
        infer=_infer_conv,
        compute=_compute_conv,
        gradient=activated(convolution_gradient("CONV_2D")),
        macs=_macs,
        quant=QuantRule(weight=1, weight_axis=0, bias=2),
        version=_conv_version,
        onnx="Conv",
        keras="Conv2D",
    )
)
register(
    OpDef(
        kind="DEPTHWISE_CONV_2D",
        code=4,
        options="DepthwiseConv2DOptions",
        attrs=DepthwiseConv2DAttrs,
        infer=_infer_depthwise,
        compute=_compute_depthwise,
        gradient=activated(convolution_gradient("DEPTHWISE_CONV_2D")),
        macs=_macs,
        quant=QuantRule(weight=1, weight_axis=3, bias=2),
        version=_depthwise_version,
        keras="DepthwiseConv2D",
    )
)
