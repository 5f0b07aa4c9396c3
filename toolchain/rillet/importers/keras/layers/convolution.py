"""Convolutions of one and two dimensions; those of one run with a height of 1, as TensorFlow's converter has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....ir import Padding, Tensor
from ....ops import GraphBuilder
from ..activations import activate
from ..emit import pad, reshape
from ..layer import Layer, handles
from ..weights import Floats

_BIAS = "bias:use_bias"
_MAX_DILATION = 64


@handles("Conv1D", "Conv2D", weights=("kernel", _BIAS), spatial=True)
def conv(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    groups, filters = layer.integers("groups", 1, 1)[0], layer.integers("filters", 1)[0]
    shape = (*_extents(layer, "kernel_size"), _depth(layer, x) // groups, filters)

    def kernel() -> Floats:
        return np.ascontiguousarray(_read(layer, "kernel", shape).transpose(3, 0, 1, 2))

    return _finish(layer, b, x, filters, lambda x: _slide(layer, b, x, "CONV_2D", kernel, filters))


@handles("DepthwiseConv1D", "DepthwiseConv2D", weights=("depthwise_kernel", _BIAS), spatial=True)
def depthwise_conv(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    depth = _depth(layer, x)
    multiplier = layer.integers("depth_multiplier", 1, 1)[0]
    shape = (*_extents(layer, "kernel_size"), depth, multiplier)

    def kernel() -> Floats:
        return _read(layer, "depthwise_kernel", shape).reshape(1, *shape[:2], depth * multiplier)

    filters = depth * multiplier
    return _finish(
        layer,
        b,
        x,
        filters,
        lambda x: _slide(
            layer, b, x, "DEPTHWISE_CONV_2D", kernel, filters, depth_multiplier=multiplier, name="depthwise_kernel"
        ),
    )


@handles("SeparableConv1D", "SeparableConv2D", weights=("depthwise_kernel", "pointwise_kernel", _BIAS), spatial=True)
def separable_conv(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    depth, filters = _depth(layer, x), layer.integers("filters", 1)[0]
    multiplier = layer.integers("depth_multiplier", 1, 1)[0]
    shape = (*_extents(layer, "kernel_size"), depth, multiplier)
    middle = depth * multiplier

    def first() -> Floats:
        return _read(layer, "depthwise_kernel", shape).reshape(1, *shape[:2], middle)

    def second() -> Floats:
        return np.ascontiguousarray(_read(layer, "pointwise_kernel", (1, 1, middle, filters)).transpose(3, 0, 1, 2))

    def both(x: Tensor) -> Tensor:
        layer.constant(b, "depthwise_kernel", first)
        zeros = layer.constant(b, "depthwise_bias", lambda: np.zeros(middle, np.float32))
        x = _slide(
            layer, b, x, "DEPTHWISE_CONV_2D", first, middle, zeros, "depthwise_kernel", depth_multiplier=multiplier
        )
        pointwise = layer.constant(b, "pointwise_kernel", second)
        return b.op("CONV_2D", [x, pointwise, _bias(layer, b, filters)], padding=Padding.VALID)

    return _finish(layer, b, x, filters, both)


@handles("Conv1DTranspose", "Conv2DTranspose", weights=("kernel", _BIAS), spatial=True)
def conv_transpose(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    filters, depth = layer.integers("filters", 1)[0], _depth(layer, x)
    if layer.integers("groups", 1, 1)[0] != 1:
        raise layer.error("grouped transposed convolution is not imported")
    size, strides = _extents(layer, "kernel_size"), _extents(layer, "strides", 1)
    dilation = _extents(layer, "dilation_rate", 1)
    if max(dilation) > _MAX_DILATION:  # its kernel is spread out with zeros
        raise layer.error(f"dilation_rate {dilation} is above {_MAX_DILATION}")
    padding = _padding(layer)
    extra = layer.get("output_padding")
    extras = [None, None] if extra is None else [extra] * 2 if isinstance(extra, int) else [0, *extra][-2:]

    def kernel() -> Floats:
        stored = _read(layer, "kernel", (*size, filters, depth)).transpose(2, 0, 1, 3)  # out, h, w, in
        spread = np.zeros((filters, *[(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)], depth), np.float32)
        spread[:, :: dilation[0], :: dilation[1]] = stored
        return spread

    def run(x: Tensor) -> Tensor:
        n, height, width, _ = x.static_shape
        out = [
            _transposed_extent(e, (k - 1) * d + 1, s, p, padding)
            for e, k, d, s, p in zip((height, width), size, dilation, strides, extras, strict=True)
        ]
        shape = b.constant(np.array([n, *out, filters], np.int32))
        return b.op(
            "TRANSPOSE_CONV",
            [shape, layer.constant(b, "kernel", kernel), x, _bias(layer, b, filters)],
            padding=padding,
            stride_h=strides[0],
            stride_w=strides[1],
        )

    return _finish(layer, b, x, filters, run)


def _transposed_extent(size: int, kernel: int, stride: int, extra: int | None, padding: Padding) -> int:
    """Output length of a transposed convolution (Keras' `compute_conv_transpose_output_shape`)."""
    if extra is None:
        return size * stride if padding is Padding.SAME else size * stride + max(kernel - stride, 0)
    return (size - 1) * stride + kernel + extra - (2 * (kernel // 2) if padding is Padding.SAME else 0)


def _slide(
    layer: Layer,
    b: GraphBuilder,
    x: Tensor,
    kind: str,
    kernel: Callable[[], Floats],
    filters: int,
    bias: Tensor | None = None,
    name: str = "kernel",
    **attrs: Any,
) -> Tensor:
    strides, dilation = _extents(layer, "strides", 1), _extents(layer, "dilation_rate", 1)
    if layer.get("padding") == "causal":
        x = pad(b, x, [(0, 0), (0, 0), ((_extents(layer, "kernel_size")[1] - 1) * dilation[1], 0), (0, 0)])
    return b.op(
        kind,
        [x, layer.constant(b, name, kernel), bias or _bias(layer, b, filters)],
        padding=_padding(layer),
        stride_h=strides[0],
        stride_w=strides[1],
        dilation_h_factor=dilation[0],
        dilation_w_factor=dilation[1],
        **attrs,
    )


def _finish(layer: Layer, b: GraphBuilder, x: Tensor, filters: int, run: Callable[[Tensor], Tensor]) -> Tensor:
    """Runs `run` on four dimensions and applies the layer's activation in the layer's own rank."""
    if _rank(layer) == 2:
        y = run(x)
    else:
        n, length, depth = x.shape
        y = run(reshape(b, x, (n, 1, length, depth)))
        y = reshape(b, y, (n, y.shape[2], filters))
    return activate(layer, b, y, layer.get("activation"))


def _bias(layer: Layer, b: GraphBuilder, filters: int) -> Tensor:
    def make() -> Floats:
        return layer.weight("bias", (filters,)) if layer.get("use_bias", True) else np.zeros(filters, np.float32)

    return layer.constant(b, "bias", make)


def _read(layer: Layer, name: str, shape: tuple[int, ...]) -> Floats:
    """A kernel as (height, width, in, out or multiplier), whichever way Keras 1 and 2 stored it."""
    stored_shape = shape if _rank(layer) == 2 else shape[1:]
    first = layer.get("rillet_kernel_order") == "th"
    if layer.origin.version[0] == 1 and _rank(layer) == 1:  # Keras 1 keeps a width of 1 in the kernels of 1-D layers
        stored_shape = (shape[1], 1, *shape[2:])
    if first:
        stored_shape = (stored_shape[-1], stored_shape[-2], *stored_shape[:-2])
    array = layer.weight(name, stored_shape)
    if first:
        array = np.moveaxis(array, (0, 1), (-1, -2))
    array = array.reshape(shape)
    if layer.origin.theano and name != "pointwise_kernel":  # Theano convolves, everybody else correlates
        array = array[::-1, ::-1]
    return np.ascontiguousarray(array)


def _rank(layer: Layer) -> int:
    return 1 if "1D" in layer.kind else 2


def _extents(layer: Layer, key: str, default: int | None = None) -> tuple[int, int]:
    values = layer.integers(key, _rank(layer), default)
    return (1, values[0]) if len(values) == 1 else (values[0], values[1])


def _depth(layer: Layer, x: Tensor) -> int:
    depth = x.shape[-1] if len(x.shape) == _rank(layer) + 2 else None
    if depth is None:
        raise layer.error(f"its input {x.shape} has no known number of channels or not {_rank(layer) + 2} dimensions")
    return depth


def _padding(layer: Layer) -> Padding:
    name = layer.get("padding", "valid")
    if name not in ("same", "valid", "causal"):
        raise layer.error(f"padding '{name}' is none of same, valid, causal")
    return Padding.SAME if name == "same" else Padding.VALID
