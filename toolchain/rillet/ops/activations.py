"""Activation functions as ops of their own: RELU and its clamps, LOGISTIC, TANH, HARD_SWISH, PRELU and their like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, Op, Tensor
from .activation_gradients import GeluAttrs, gelu
from .gradient import GradientBuilder, Gradients, activation_gradient, elementwise, single
from .opdef import Array, GradientRule, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, broadcast, first_version, present, same_as_input, versions


@dataclass
class LeakyReluAttrs(Attrs):
    alpha: float = 0.0


def _clamp(low: float, high: float) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    return lambda op, arrays: [np.clip(present(arrays)[0], low, high)]


def _logistic(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    with np.errstate(over="ignore"):  # exp overflows to infinity, whose reciprocal is the right limit
        return [1 / (1 + np.exp(-x))]


def _tanh(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [np.tanh(present(arrays)[0])]


def _hard_swish(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    return [x * np.clip(x + 3, 0, 6) / 6]


def _elu(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    return [np.where(x < 0, np.expm1(np.minimum(x, 0)), x)]


def _leaky_relu(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    assert isinstance(op.attrs, LeakyReluAttrs)
    return [np.where(x > 0, x, x * np.float32(op.attrs.alpha))]


def _gelu(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert isinstance(op.attrs, GeluAttrs)
    return [gelu(present(arrays)[0], op.attrs.approximate)]


def _infer_prelu(op: Op) -> Results:
    x, alpha = operand(op, 0), operand(op, 1)
    shape = broadcast(op, x.shape, alpha.shape)
    if len(shape) != len(x.shape):
        raise ShapeError(f"PRELU '{op.where}': slopes {alpha.shape} have more dimensions than the input {x.shape}")
    return [(shape, x.dtype)]


def _prelu(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, alpha = present(arrays)
    return [np.where(x >= 0, x, x * alpha)]


def _by_output(activation: Activation) -> GradientRule:
    """The rule of an activation that is also a fused one: it reads the output alone."""
    return single(lambda b, op, dy: [activation_gradient(b, activation, op.outputs[0], dy)])


def _between(b: GradientBuilder, x: Tensor, low: float, high: float) -> Tensor:
    return b.op("LOGICAL_AND", [b.compare("GREATER", x, low), b.compare("LESS", x, high)])


def _relu_0_to_1_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.where(_between(b, op.outputs[0], 0.0, 1.0), dy, 0.0)]


def _logistic_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    y = op.outputs[0]
    return [b.mul(dy, b.sub(y, b.square(y)))]


def _hard_swish_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """x * clip(x + 3, 0, 6) / 6: flat below -3, the identity above 3, x / 3 + 1 / 2 between."""
    x = operand(op, 0)
    slope = b.add(b.mul(x, 1 / 3), 0.5)
    above = b.where(b.compare("GREATER_EQUAL", x, 3.0), 1.0, slope)
    return [b.mul(dy, b.where(b.compare("LESS_EQUAL", x, -3.0), 0.0, above))]


def _elu_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    y = op.outputs[0]  # e^x - 1 below zero, so the slope there is y + 1
    return [b.where(b.compare("LESS", y, 0.0), b.mul(dy, b.add(y, 1.0)), dy)]


def _leaky_relu_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    assert isinstance(op.attrs, LeakyReluAttrs)
    return [b.where(b.compare("GREATER", operand(op, 0), 0.0), dy, b.mul(dy, op.attrs.alpha))]


def _gelu_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    assert isinstance(op.attrs, GeluAttrs)
    return [b.op("rillet.GELU_GRADIENT", [operand(op, 0), dy], approximate=op.attrs.approximate)]


def _prelu_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    x, alpha = operand(op, 0), operand(op, 1)
    is_kept = b.compare("GREATER_EQUAL", x, 0.0)
    return [b.where(is_kept, dy, b.mul(dy, alpha)), b.where(is_kept, 0.0, b.mul(dy, x))]


def _define(
    kind: str,
    code: int,
    compute: Callable[[Op, Sequence[Array | None]], list[Array]],
    gradient: GradientRule,
    quant: QuantRule,
    options: str = "",
    attrs: type[Attrs] = Attrs,
    version: Callable[[Op], int] = first_version,
    infer: Callable[[Op], Results] = same_as_input,
    onnx: str = "",
    keras: str = "",
) -> None:
    register(
        OpDef(
            kind=kind,
            code=code,
            options=options,
            attrs=attrs,
            infer=infer,
            compute=compute,
            gradient=gradient,
            quant=quant,
            version=version,
            onnx=onnx,
            keras=keras,
            is_elementwise=True,
        )
    )


_CLAMP = QuantRule(same_scale=True)
_define(
    "RELU",
    19,
    _clamp(0, np.inf),
    _by_output(Activation.RELU),
    _CLAMP,
    version=versions(int8=2, uint8=2, int16=3),
    onnx="Relu",
    keras="ReLU",
)
_define("RELU6", 21, _clamp(0, 6), _by_output(Activation.RELU6), _CLAMP, version=versions(int8=2, int16=3))
_define("RELU_N1_TO_1", 20, _clamp(-1, 1), _by_output(Activation.RELU_N1_TO_1), _CLAMP)
_define("RELU_0_TO_1", 152, _clamp(0, 1), single(_relu_0_to_1_gradient), _CLAMP)
# The fixed ranges are those of TFLite's int8 and int16 quantization specifications.
_define(
    "LOGISTIC",
    14,
    _logistic,
    single(_logistic_gradient),
    QuantRule(fixed_output=(1 / 256, -128), fixed_output_int16=(1 / 32768, 0)),
    version=versions(int8=2, int16=3),
    onnx="Sigmoid",
)
_define(
    "TANH",
    28,
    _tanh,
    _by_output(Activation.TANH),
    QuantRule(fixed_output=(1 / 128, 0), fixed_output_int16=(1 / 32768, 0)),
    version=versions(int8=2, int16=3),
    onnx="Tanh",
)
_define("HARD_SWISH", 117, _hard_swish, single(_hard_swish_gradient), QuantRule(), "HardSwishOptions", onnx="HardSwish")
_define("ELU", 111, _elu, single(_elu_gradient), QuantRule(), onnx="Elu", keras="ELU")
_define(
    "LEAKY_RELU",
    98,
    _leaky_relu,
    single(_leaky_relu_gradient),
    QuantRule(),
    "LeakyReluOptions",
    LeakyReluAttrs,
    versions(int16=2),
    onnx="LeakyRelu",
    keras="LeakyReLU",
)
_define(
    "GELU",
    150,
    _gelu,
    single(_gelu_gradient),
    QuantRule(),
    "GeluOptions",
    GeluAttrs,
    versions(int8=2, uint8=2),
    onnx="Gelu",
)
_define("PRELU", 54, _prelu, elementwise(_prelu_gradient), QuantRule(), infer=_infer_prelu, onnx="PRelu", keras="PReLU")
