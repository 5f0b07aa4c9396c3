"""Activation functions by Keras's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..eager import abs as _abs
from ..eager import exp, minimum, nn
from ..eager import sigmoid as _sigmoid
from ..eager import tanh as _tanh
from ..ir import Activation
from .registry import deserialize, exported

_FUSED = {"relu": Activation.RELU, "relu6": Activation.RELU6}


@exported("keras.activations")
def linear(x: Any) -> Any:
    """x."""
    return x


@exported("keras.activations")
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """max(x, 0), with a slope below `threshold` and a limit above where given."""
    if threshold:
        from ..eager import cast, where, zeros_like

        above = where(x > threshold, x, zeros_like(x))
        y = above if not negative_slope else above + (x - threshold) * negative_slope * cast(x <= threshold, x.dtype)
    else:
        y = nn.leaky_relu(x, negative_slope) if negative_slope else nn.relu(x)
    return y if max_value is None else minimum(y, float(max_value))


@exported("keras.activations")
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return nn.relu6(x)


@exported("keras.activations")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x, and negative_slope * x below 0."""
    return nn.leaky_relu(x, negative_slope)


@exported("keras.activations")
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x))."""
    return nn.softmax(x, axis)


@exported("keras.activations")
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x))."""
    return nn.log_softmax(x, axis)


@exported("keras.activations")
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return _sigmoid(x)


@exported("keras.activations")
def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6."""
    return nn.relu6(x + 3.0) * (1.0 / 6.0)


@exported("keras.activations")
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return _tanh(x)


@exported("keras.activations")
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x, and alpha * (exp(x) - 1) below 0."""
    if alpha == 1.0:
        return nn.elu(x)
    return nn.relu(x) + (exp(minimum(x, 0.0)) - 1.0) * float(alpha)


@exported("keras.activations")
def selu(x: Any) -> Any:
    """Klambauer et al. 2017."""
    return elu(x, 1.6732632423543772) * 1.0507009873554805


@exported("keras.activations")
def gelu(x: Any, approximate: bool = False) -> Any:
    """x * P(X <= x) for a standard normal X."""
    return nn.gelu(x, approximate)


@exported("keras.activations", "swish")
def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return nn.silu(x)


@exported("keras.activations", "hard_swish")
def hard_silu(x: Any) -> Any:
    """x * hard_sigmoid(x)."""
    return nn.hard_swish(x)


@exported("keras.activations")
def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return nn.softplus(x)


@exported("keras.activations")
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (_abs(x) + 1.0)


@exported("keras.activations")
def exponential(x: Any) -> Any:
    """exp(x)."""
    return exp(x)


@exported("keras.activations")
def mish(x: Any) -> Any:
    """x * tanh(softplus(x))."""
    return x * _tanh(nn.softplus(x))


def get(identifier: Any) -> Callable[[Any], Any]:
    """An activation by name, configuration or itself; None is linear."""
    return linear if identifier is None else deserialize(identifier, "keras.activations")


def split(function: Callable[[Any], Any]) -> tuple[Activation, Callable[[Any], Any]]:
    """What an operator can fuse of an activation, and what is left to apply after it."""
    fused = _FUSED.get(function.__name__) if function in (relu, relu6) else None
    return (Activation.NONE, function) if fused is None else (fused, linear)
