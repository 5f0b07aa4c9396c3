"""Activation functions, most of which TFLite lacks and other operators express."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import DType, Tensor
from .emit import Emitter
from .node import Node, onnx_op


@onnx_op("Relu")
def _relu(node: Node, emit: Emitter) -> Tensor:
    return emit.clamp(node.need(0), 0.0, np.inf)


@onnx_op("Clip")
def _clip(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    low, high = _limit(node, 1, "min", -np.inf), _limit(node, 2, "max", np.inf)
    if isinstance(low, float) and isinstance(high, float):
        return emit.clamp(x, low, high)
    x = x if low == -np.inf else emit.binary("MAXIMUM", x, low)
    return x if high == np.inf else emit.binary("MINIMUM", x, high)


def _limit(node: Node, index: int, name: str, none: float) -> Any:
    """A limit as a number, or as a tensor where it is computed at run time."""
    bound = node.get(index)
    if bound is not None and bound.data is None:
        return bound
    value = float(node.attribute(name, none) if bound is None else node.constant(index, name).reshape(()))
    # Exporters write "no limit" as the largest float.
    return none if abs(value) >= float(np.finfo(np.float32).max) else value


@onnx_op("LeakyRelu")
def _leaky_relu(node: Node, emit: Emitter) -> Tensor:
    return emit.unary("LEAKY_RELU", node.need(0), alpha=float(node.attribute("alpha", 0.01)))


@onnx_op("PRelu")
def _prelu(node: Node, emit: Emitter) -> Tensor:
    x, slope = node.need(0), node.need(1)
    if node.opset < 7 and len(slope.shape) == 1 and slope.size > 1:
        slope = emit.reshape(slope, (slope.size, *[1] * (len(x.shape) - 2)))
    return emit.op("PRELU", [x, slope])


def _elu_of(emit: Emitter, x: Tensor, alpha: float) -> Tensor:
    """x above zero, alpha (exp(x) - 1) below."""
    if alpha == 1:
        return emit.unary("ELU", x)
    below = emit.binary("MUL", emit.unary("ELU", emit.binary("MINIMUM", x, 0)), alpha)
    return emit.binary("ADD", emit.clamp(x, 0.0, np.inf), below)


@onnx_op("Elu")
def _elu(node: Node, emit: Emitter) -> Tensor:
    return _elu_of(emit, node.need(0), float(node.attribute("alpha", 1.0)))


@onnx_op("Selu")
def _selu(node: Node, emit: Emitter) -> Tensor:
    alpha = float(node.attribute("alpha", 1.67326319217681884765625))  # both defaults are the specification's
    gamma = float(node.attribute("gamma", 1.05070102214813232421875))
    return emit.binary("MUL", _elu_of(emit, node.need(0), alpha), gamma)


@onnx_op("Celu", since=12)
def _celu(node: Node, emit: Emitter) -> Tensor:
    x, alpha = node.need(0), float(node.attribute("alpha", 1.0))
    return emit.binary("MUL", emit.unary("ELU", emit.binary("MUL", x, 1 / alpha)), alpha)


def _hard_sigmoid_of(emit: Emitter, x: Tensor, alpha: float, beta: float) -> Tensor:
    return emit.clamp(emit.binary("ADD", emit.binary("MUL", x, alpha), beta), 0.0, 1.0)


@onnx_op("HardSigmoid")
def _hard_sigmoid(node: Node, emit: Emitter) -> Tensor:
    return _hard_sigmoid_of(emit, node.need(0), float(node.attribute("alpha", 0.2)), float(node.attribute("beta", 0.5)))


@onnx_op("HardSwish", since=14)
def _hard_swish(node: Node, emit: Emitter) -> Tensor:
    return emit.unary("HARD_SWISH", node.need(0))


@onnx_op("Gelu", since=20)
def _gelu(node: Node, emit: Emitter) -> Tensor:
    return emit.unary("GELU", node.need(0), approximate=node.attribute("approximate", "none") == "tanh")


def _softplus_of(emit: Emitter, x: Tensor) -> Tensor:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which cannot overflow."""
    decay = emit.unary("EXP", emit.unary("NEG", emit.unary("ABS", x)))
    return emit.binary("ADD", emit.clamp(x, 0.0, np.inf), emit.unary("LOG", emit.binary("ADD", decay, 1)))


@onnx_op("Softplus")
def _softplus(node: Node, emit: Emitter) -> Tensor:
    return _softplus_of(emit, node.need(0))


@onnx_op("Mish", since=18)
def _mish(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return emit.binary("MUL", x, emit.unary("TANH", _softplus_of(emit, x)))


@onnx_op("Softsign")
def _softsign(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return emit.binary("DIV", x, emit.binary("ADD", emit.unary("ABS", x), 1))


@onnx_op("Swish", since=24)
def _swish(node: Node, emit: Emitter) -> Tensor:
    x, alpha = node.need(0), float(node.attribute("alpha", 1.0))
    return emit.binary("MUL", x, emit.unary("LOGISTIC", x if alpha == 1 else emit.binary("MUL", x, alpha)))


@onnx_op("ThresholdedRelu", since=10)
def _thresholded_relu(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    above = emit.cast(emit.binary("GREATER", x, float(node.attribute("alpha", 1.0))), DType.FLOAT32)
    return emit.binary("MUL", x, above)


@onnx_op("Shrink", since=9)
def _shrink(node: Node, emit: Emitter) -> Tensor:
    x, bias, lambd = node.need(0), node.attribute("bias", 0.0), node.attribute("lambd", 0.5)
    zero = emit.like(0, x)
    above = emit.op("SELECT_V2", [emit.binary("GREATER", x, lambd), emit.binary("SUB", x, bias), zero])
    return emit.op("SELECT_V2", [emit.binary("LESS", x, -lambd), emit.binary("ADD", x, bias), above])


def _last(emit: Emitter, x: Tensor, axis: int, kind: str) -> Tensor:
    """A softmax over `axis`, moved to the end and back: TFLite knows the last axis alone."""
    rank = len(x.shape)
    # Channels move to the end with the other axes in order, as for a convolution, so that the layout pass sees pairs.
    perm = [i for i in range(rank) if i != axis] + [axis]
    y = emit.unary(kind, emit.transpose(x, perm))
    return emit.transpose(y, [perm.index(i) for i in range(rank)])


def _softmax_family(node: Node, emit: Emitter, kind: str) -> Tensor:
    x = node.need(0)
    rank = max(1, len(x.shape))
    if node.opset >= 13:
        return _last(emit, x, node.attribute("axis", -1) % rank, kind)
    # Before opset 13 the tensor is flattened to two dimensions at `axis`, and rows are normalized.
    axis = node.attribute("axis", 1) % rank
    shape = x.static_shape
    if all(d == 1 for d in shape[axis + 1 :]):
        return _last(emit, x, axis, kind)
    flat = emit.reshape(x, (int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))))
    return emit.reshape(emit.unary(kind, flat), shape)


@onnx_op("Softmax")
def _softmax(node: Node, emit: Emitter) -> Tensor:
    return _softmax_family(node, emit, "SOFTMAX")


@onnx_op("LogSoftmax")
def _log_softmax(node: Node, emit: Emitter) -> Tensor:
    return _softmax_family(node, emit, "LOG_SOFTMAX")
