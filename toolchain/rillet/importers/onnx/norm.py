"""Normalizations, as means, differences and products; batch normalization as one scale and one shift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Tensor
from .emit import Emitter
from .node import Node, onnx_op


@onnx_op("BatchNormalization", notes="inference mode")
def _batch_norm(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    training = node.attribute("training_mode", 0) if node.opset >= 14 else len([o for o in node.outputs if o]) > 1
    if training or (node.opset < 7 and not node.attribute("is_test", 0)):
        raise node.error("it is in training mode", "export the model for inference (model.eval())")
    if not node.attribute("spatial", 1):
        raise node.error("attribute spatial=0 is not supported")
    scale, shift, mean, variance = (node.need(i) for i in range(1, 5))
    deviation = emit.unary("SQRT", emit.binary("ADD", variance, float(node.attribute("epsilon", 1e-5))))
    gain = emit.binary("DIV", scale, deviation)
    offset = emit.binary("SUB", shift, emit.binary("MUL", mean, gain))
    shape = (scale.size, *[1] * (len(x.shape) - 2))
    return emit.binary("ADD", emit.binary("MUL", x, emit.reshape(gain, shape)), emit.reshape(offset, shape))


def _standardized(emit: Emitter, x: Tensor, axes: Sequence[int], epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """(x - mean) / sqrt(variance + epsilon) over `axes`, with the mean and the inverse deviation."""
    mean = emit.reduce("MEAN", x, axes)
    variance = emit.reduce("MEAN", emit.op("SQUARED_DIFFERENCE", [x, mean]), axes)
    inverse = emit.unary("RSQRT", emit.binary("ADD", variance, epsilon))
    return emit.binary("MUL", emit.binary("SUB", x, mean), inverse), mean, inverse


@onnx_op("InstanceNormalization")
def _instance_norm(node: Node, emit: Emitter) -> Tensor:
    x, scale, shift = node.need(0), node.need(1), node.need(2)
    y, _, _ = _standardized(emit, x, range(2, len(x.shape)), float(node.attribute("epsilon", 1e-5)))
    shape = (scale.size, *[1] * (len(x.shape) - 2))
    return emit.binary("ADD", emit.binary("MUL", y, emit.reshape(scale, shape)), emit.reshape(shift, shape))


@onnx_op("LayerNormalization", since=17)
def _layer_norm(node: Node, emit: Emitter) -> list[Tensor]:
    x, scale, shift = node.need(0), node.need(1), node.get(2)
    axis = node.attribute("axis", -1) % len(x.shape)
    y, mean, inverse = _standardized(emit, x, range(axis, len(x.shape)), float(node.attribute("epsilon", 1e-5)))
    y = emit.binary("MUL", y, scale)
    return [y if shift is None else emit.binary("ADD", y, shift), mean, inverse]


@onnx_op("RMSNormalization", since=23)
def _rms_norm(node: Node, emit: Emitter) -> Tensor:
    x, scale = node.need(0), node.need(1)
    axis = node.attribute("axis", -1) % len(x.shape)
    mean = emit.reduce("MEAN", emit.binary("MUL", x, x), range(axis, len(x.shape)))
    inverse = emit.unary("RSQRT", emit.binary("ADD", mean, float(node.attribute("epsilon", 1e-5))))
    return emit.binary("MUL", emit.binary("MUL", x, inverse), scale)


@onnx_op("GroupNormalization", since=18)
def _group_norm(node: Node, emit: Emitter) -> Tensor:
    x, scale, shift = node.need(0), node.need(1), node.need(2)
    n, channels, *spatial = x.static_shape
    groups = int(node.attributes["num_groups"])
    grouped = emit.reshape(x, (n, groups, channels // groups * int(np.prod(spatial))))
    y, _, _ = _standardized(emit, grouped, (2,), float(node.attribute("epsilon", 1e-5)))
    if node.opset < 21:  # one scale and shift per group then, one per channel later
        y = emit.binary("MUL", y, emit.reshape(scale, (groups, 1)))
        return emit.reshape(emit.binary("ADD", y, emit.reshape(shift, (groups, 1))), x.static_shape)
    y = emit.reshape(y, x.static_shape)
    shape = (channels, *[1] * len(spatial))
    return emit.binary("ADD", emit.binary("MUL", y, emit.reshape(scale, shape)), emit.reshape(shift, shape))


@onnx_op("MeanVarianceNormalization", since=9)
def _mean_variance_norm(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    axes = [int(a) % len(x.shape) for a in node.attribute("axes", [0, 2, 3])]
    mean = emit.reduce("MEAN", x, axes)
    deviation = emit.unary("SQRT", emit.reduce("MEAN", emit.op("SQUARED_DIFFERENCE", [x, mean]), axes))
    return emit.binary("DIV", emit.binary("SUB", x, mean), emit.binary("ADD", deviation, 1e-9))


@onnx_op("LRN", notes="4-D input")
def _lrn(node: Node, emit: Emitter) -> Tensor:
    x, size = node.need(0), int(node.attributes["size"])
    alpha, beta = float(node.attribute("alpha", 1e-4)), float(node.attribute("beta", 0.75))
    bias = float(node.attribute("bias", 1.0))
    if len(x.shape) != 4:
        raise node.error(f"its input {x.shape} is not (N, C, H, W)")
    y = emit.to_nhwc(x)
    if size % 2:
        # TFLite sums where ONNX averages.
        y = emit.unary("LOCAL_RESPONSE_NORMALIZATION", y, radius=size // 2, bias=bias, alpha=alpha / size, beta=beta)
        return emit.to_nchw(y)
    # An even window reaches one channel further up than down; a banded matrix sums it.
    channels = x.static_shape[1]
    distance = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    band = ((distance >= -((size - 1) // 2)) & (distance <= size // 2)).astype(np.float32)
    total = emit.fully_connected(emit.binary("MUL", y, y), emit.constant(band * (alpha / size)), None)
    scale = emit.binary("POW", emit.binary("ADD", total, bias), beta)
    return emit.to_nchw(emit.binary("DIV", y, scale))


@onnx_op("LpNormalization")
def _lp_normalization(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    axis = node.attribute("axis", -1) % len(x.shape)
    if node.attribute("p", 2) == 1:
        size = emit.reduce("SUM", emit.unary("ABS", x), (axis,))
    else:
        size = emit.unary("SQRT", emit.reduce("SUM", emit.binary("MUL", x, x), (axis,)))
    # A slice of zeros stays zero instead of becoming 0 / 0.
    return emit.binary("DIV", x, emit.binary("MAXIMUM", size, float(np.finfo(np.float32).tiny)))


@onnx_op("Dropout", notes="inference mode: the identity")
def _dropout(node: Node, emit: Emitter) -> Tensor | list[Tensor]:
    x = node.need(0)
    training = node.opset >= 12 and node.get(2) is not None and bool(node.constant(2, "training_mode"))
    if training and (node.get(1) is None or node.constant(1, "ratio") != 0):
        raise node.error("it is in training mode", "export the model for inference (model.eval())")
    if len(node.outputs) < 2 or not node.outputs[1]:
        return x
    return [x, emit.constant(np.ones(x.static_shape, np.bool_ if node.opset >= 10 else x.dtype.numpy))]
