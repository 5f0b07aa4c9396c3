"""Activation functions as ops of their own: RELU and its clamps, LOGISTIC, TANH, HARD_SWISH, PRELU and their like."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, broadcast, first_version, present, same_as_input, versions

_erf = np.vectorize(math.erf, otypes=[np.float32])  # numpy has none


@dataclass
class LeakyReluAttrs(Attrs):
    alpha: float = 0.0


@dataclass
class GeluAttrs(Attrs):
    approximate: bool = False


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
    """x times the normal distribution's cumulative function, or its tanh approximation (Hendrycks and Gimpel 2016)."""
    (x,) = present(arrays)
    assert isinstance(op.attrs, GeluAttrs)
    if op.attrs.approximate:
        return [0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))]
    return [0.5 * x * (1 + _erf(x * math.sqrt(0.5)))]


def _infer_prelu(op: Op) -> Results:
    x, alpha = operand(op, 0), operand(op, 1)
    shape = broadcast(op, x.shape, alpha.shape)
    if len(shape) != len(x.shape):
        raise ShapeError(f"PRELU '{op.where}': slopes {alpha.shape} have more dimensions than the input {x.shape}")
    return [(shape, x.dtype)]


def _prelu(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, alpha = present(arrays)
    return [np.where(x >= 0, x, x * alpha)]


def _define(
    kind: str,
    code: int,
    compute: Callable[[Op, Sequence[Array | None]], list[Array]],
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
            quant=quant,
            version=version,
            onnx=onnx,
            keras=keras,
        )
    )


_CLAMP = QuantRule(same_scale=True)
_define("RELU", 19, _clamp(0, np.inf), _CLAMP, version=versions(int8=2, uint8=2, int16=3), onnx="Relu", keras="ReLU")
_define("RELU6", 21, _clamp(0, 6), _CLAMP, version=versions(int8=2, int16=3))
_define("RELU_N1_TO_1", 20, _clamp(-1, 1), _CLAMP)
_define("RELU_0_TO_1", 152, _clamp(0, 1), _CLAMP)
# The fixed ranges are those of TFLite's int8 and int16 quantization specifications.
_define(
    "LOGISTIC",
    14,
    _logistic,
    QuantRule(fixed_output=(1 / 256, -128), fixed_output_int16=(1 / 32768, 0)),
    version=versions(int8=2, int16=3),
    onnx="Sigmoid",
)
_define(
    "TANH",
    28,
    _tanh,
    QuantRule(fixed_output=(1 / 128, 0), fixed_output_int16=(1 / 32768, 0)),
    version=versions(int8=2, int16=3),
    onnx="Tanh",
)
_define("HARD_SWISH", 117, _hard_swish, QuantRule(), "HardSwishOptions", onnx="HardSwish")
_define("ELU", 111, _elu, QuantRule(), onnx="Elu", keras="ELU")
_define(
    "LEAKY_RELU",
    98,
    _leaky_relu,
    QuantRule(),
    "LeakyReluOptions",
    LeakyReluAttrs,
    versions(int16=2),
    onnx="LeakyRelu",
    keras="LeakyReLU",
)
_define("GELU", 150, _gelu, QuantRule(), "GeluOptions", GeluAttrs, versions(int8=2, uint8=2), onnx="Gelu")
_define("PRELU", 54, _prelu, QuantRule(), infer=_infer_prelu, onnx="PRelu", keras="PReLU")
