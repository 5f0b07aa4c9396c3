"""Activation functions by name; layers with parameters (ReLU, LeakyReLU, ...) are in layers/activation.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...ir import Tensor
from ...ops import GraphBuilder
from .emit import scalar
from .layer import Layer, call

Function = Callable[[GraphBuilder, Tensor], Tensor]

# The self-normalizing constants of Klambauer et al. 2017.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def activate(layer: Layer, b: GraphBuilder, x: Tensor, activation: Any) -> Tensor:
    """Applies an `activation` field: a name, a serialized function, or a serialized layer (None: x itself).

    Raises:
        KerasError: an activation that rillet does not know, with the layer's name.
    """
    if isinstance(activation, dict):
        kind, config = activation.get("class_name"), activation.get("config")
        if kind == "function" or isinstance(config, str):
            activation = config if isinstance(config, str) else activation.get("registered_name")
        else:
            return call(Layer(layer.name, str(kind), dict(config or {}), layer.weights, layer.origin), b, [x])[0]
    if activation is None:
        return x
    name = str(activation)
    if name == "hard_sigmoid" and layer.origin.version[0] < 3:
        return hard_sigmoid_keras2(b, x)
    if name == "softmax" and len(x.shape) < 2:
        raise layer.error("softmax of a tensor without axes")
    function = FUNCTIONS.get(name)
    if function is None:
        raise layer.error(f"rillet has no importer for activation '{name}'; it knows {', '.join(sorted(FUNCTIONS))}")
    return function(b, x)


def _op(kind: str, **attrs: Any) -> Function:
    return lambda b, x: b.op(kind, [x], **attrs)


def elu(b: GraphBuilder, x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where positive, alpha (exp(x) - 1) elsewhere; TFLite's ELU has alpha 1."""
    if alpha == 1.0:
        return b.op("ELU", [x])
    negative = scalar(b, "MUL", b.op("ELU", [scalar(b, "MINIMUM", x, 0.0)]), alpha)
    return b.op("ADD", [b.op("RELU", [x]), negative])


def leaky_relu(b: GraphBuilder, x: Tensor, slope: float) -> Tensor:
    return b.op("LEAKY_RELU", [x], alpha=slope)


def hard_sigmoid_keras2(b: GraphBuilder, x: Tensor) -> Tensor:
    """clip(0.2 x + 0.5, 0, 1) of Keras 1 and 2; Keras 3 has relu6(x + 3) / 6."""
    x = scalar(b, "ADD", scalar(b, "MUL", x, 0.2), 0.5)
    return scalar(b, "MINIMUM", b.op("RELU", [x]), 1.0)


def _hard_sigmoid(b: GraphBuilder, x: Tensor) -> Tensor:
    return scalar(b, "MUL", b.op("RELU6", [scalar(b, "ADD", x, 3.0)]), 1 / 6)


def _softplus(b: GraphBuilder, x: Tensor) -> Tensor:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which does not overflow."""
    small = b.op("EXP", [b.op("NEG", [b.op("ABS", [x])])])
    return b.op("ADD", [b.op("RELU", [x]), b.op("LOG", [scalar(b, "ADD", small, 1.0)])])


def _softsign(b: GraphBuilder, x: Tensor) -> Tensor:
    return b.op("DIV", [x, scalar(b, "ADD", b.op("ABS", [x]), 1.0)])


def _log_sigmoid(b: GraphBuilder, x: Tensor) -> Tensor:
    return b.op("NEG", [_softplus(b, b.op("NEG", [x]))])


def _swish(b: GraphBuilder, x: Tensor) -> Tensor:
    return b.op("MUL", [x, b.op("LOGISTIC", [x])])


def _mish(b: GraphBuilder, x: Tensor) -> Tensor:
    return b.op("MUL", [x, b.op("TANH", [_softplus(b, x)])])


def _selu(b: GraphBuilder, x: Tensor) -> Tensor:
    return scalar(b, "MUL", elu(b, x, _SELU_ALPHA), _SELU_SCALE)


FUNCTIONS: dict[str, Function] = {
    "linear": lambda b, x: x,
    "relu": _op("RELU"),
    "relu6": _op("RELU6"),
    "sigmoid": _op("LOGISTIC"),
    "tanh": _op("TANH"),
    "softmax": _op("SOFTMAX", beta=1.0),
    "log_softmax": _op("LOG_SOFTMAX"),
    "elu": elu,
    "selu": _selu,
    "leaky_relu": lambda b, x: leaky_relu(b, x, 0.2),
    "gelu": _op("GELU"),
    "hard_sigmoid": _hard_sigmoid,
    "hard_swish": _op("HARD_SWISH"),
    "hard_silu": _op("HARD_SWISH"),
    "hard_tanh": _op("RELU_N1_TO_1"),
    "swish": _swish,
    "silu": _swish,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": _softsign,
    "log_sigmoid": _log_sigmoid,
    "exponential": _op("EXP"),
    "exp": _op("EXP"),
}


def relu(b: GraphBuilder, x: Tensor, max_value: float | None, slope: float, threshold: float) -> Tensor:
    """Keras' general ReLU: x from threshold on, slope (x - threshold) below it, at most max_value."""
    if threshold == 0.0 and slope == 0.0:
        if max_value is None:
            return b.op("RELU", [x])
        return b.op("RELU6", [x]) if max_value == 6.0 else scalar(b, "MINIMUM", b.op("RELU", [x]), max_value)
    if threshold == 0.0:
        y = leaky_relu(b, x, slope)
    else:
        # A step, exact for floats: x above the threshold is kept, and x - threshold is never negative there.
        above = b.op("GREATER", [x, b.constant(np.float32(threshold))])
        below = scalar(b, "MUL", scalar(b, "SUB", x, threshold), slope)
        y = b.op("SELECT_V2", [above, x, below])
    return y if max_value is None else scalar(b, "MINIMUM", y, max_value)
