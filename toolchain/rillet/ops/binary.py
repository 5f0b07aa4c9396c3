"""Elementwise arithmetic of two broadcast operands: ADD, SUB, MUL, DIV, MAXIMUM and their like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, activated, elementwise
from .opdef import Array, GradientRule, NotDifferentiable, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, activate, broadcast, first_version, present, versions


@dataclass
class AddSubAttrs(Attrs):
    fused_activation_function: Activation = Activation.NONE
    pot_scale_int16: bool = True


@dataclass
class MulDivAttrs(Attrs):
    fused_activation_function: Activation = Activation.NONE


def _infer(op: Op) -> Results:
    a, b = operand(op, 0), operand(op, 1)
    if a.dtype is not b.dtype:
        raise ShapeError(f"{op.kind} '{op.where}': operands are {a.dtype.name} and {b.dtype.name}, not of one type")
    return [(broadcast(op, a.shape, b.shape), a.dtype)]


def _divide(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f":
        return a / b
    return np.trunc(a / b).astype(a.dtype)  # as C divides integers; operands are 32 bits at most, so doubles are exact


def _floor_divide(a: Array, b: Array) -> Array:
    return np.floor(a / b) if a.dtype.kind == "f" else np.floor_divide(a, b)


def _squared_difference(a: Array, b: Array) -> Array:
    return np.asarray(np.square(a - b))


def _computing(function: Callable[[Array, Array], Array]) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        with np.errstate(all="ignore"):
            y = function(*present(arrays))
        activation = getattr(op.attrs, "fused_activation_function", Activation.NONE)
        return [activate(y, activation)]

    return compute


def _add_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [dy, dy]


def _sub_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [dy, b.neg(dy)]


def _mul_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.mul(dy, operand(op, 1)), b.mul(dy, operand(op, 0))]


def _div_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    x, y = operand(op, 0), operand(op, 1)
    share = b.div(dy, y)
    return [share, b.neg(b.div(b.mul(share, x), y))]


def _larger_gradient(is_first: str) -> Callable[[GradientBuilder, Op, Tensor], Gradients]:
    """To the operand that was taken; to the first one where they are equal, as TensorFlow does."""

    def gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
        condition = b.compare(is_first, operand(op, 0), operand(op, 1))
        return [b.where(condition, dy, 0.0), b.where(condition, 0.0, dy)]

    return gradient


def _pow_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """y x^(y-1), and x^y log x where x is positive: elsewhere the exponent has no real slope (TensorFlow gives 0)."""
    x, y = operand(op, 0), operand(op, 1)
    is_positive = b.compare("GREATER", x, 0.0)
    log = b.where(is_positive, b.op("LOG", [b.where(is_positive, x, 1.0)]), 0.0)
    by_base = b.mul(dy, b.mul(y, b.op("POW", [x, b.sub(y, 1.0)])))
    return [by_base, b.mul(dy, b.mul(op.outputs[0], log))]


def _atan2_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    y, x = operand(op, 0), operand(op, 1)
    share = b.div(dy, b.add(b.square(y), b.square(x)))
    return [b.mul(share, x), b.neg(b.mul(share, y))]


def _squared_difference_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    slope = b.mul(b.mul(dy, b.sub(operand(op, 0), operand(op, 1))), 2.0)
    return [slope, b.neg(slope)]


def _floor_mod_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """x - y * floor(x / y), the floor constant."""
    quotient = b.op("FLOOR_DIV", [operand(op, 0), operand(op, 1)])
    return [dy, b.neg(b.mul(dy, quotient))]


def _pot_version(int8: int, general_int16: int, large: int | None) -> Callable[[Op], int]:
    """ADD and SUB ask for a newer version where int16 scales are no powers of two."""
    plain = versions(int8=int8, int64=4, large=None if large is None else (4, large))

    def rule(op: Op) -> int:
        assert isinstance(op.attrs, AddSubAttrs)
        is_general = operand(op, 0).dtype is DType.INT16 and not op.attrs.pot_scale_int16
        return general_int16 if is_general else plain(op)

    return rule


def _mul_version(op: Op) -> int:
    scales = [t.quantization.scale for t in (*op.inputs[:2], *op.outputs) if t is not None and t.quantization]
    is_quantized = len(scales) == 3 and all(s.size == 1 for s in scales) and operand(op, 0).dtype is not DType.INT16
    if is_quantized and scales[0][0] * scales[1][0] / scales[2][0] >= 1:
        return 3
    return versions(int8=2, int16=4, int64=5, uint32=7)(op)


def _define(
    kind: str,
    code: int,
    options: str,
    function: Callable[[Array, Array], Array],
    gradient: GradientRule | NotDifferentiable,
    attrs: type[Attrs] = Attrs,
    quant: QuantRule | None = None,
    version: Callable[[Op], int] = first_version,
    onnx: str = "",
    keras: str = "",
) -> None:
    register(
        OpDef(
            kind=kind,
            code=code,
            options=options,
            attrs=attrs,
            infer=_infer,
            compute=_computing(function),
            gradient=gradient,
            quant=quant,
            version=version,
            onnx=onnx,
            keras=keras,
            is_elementwise=True,
        )
    )


_define(
    "ADD",
    0,
    "AddOptions",
    np.add,
    activated(elementwise(_add_gradient)),
    AddSubAttrs,
    QuantRule(),
    _pot_version(2, 3, None),
    "Add",
    "Add",
)
_define(
    "SUB",
    41,
    "SubOptions",
    np.subtract,
    activated(elementwise(_sub_gradient)),
    AddSubAttrs,
    QuantRule(),
    _pot_version(2, 5, 3),
    "Sub",
    "Subtract",
)
_define(
    "MUL",
    18,
    "MulOptions",
    np.multiply,
    activated(elementwise(_mul_gradient)),
    MulDivAttrs,
    QuantRule(),
    _mul_version,
    "Mul",
    "Multiply",
)
_define(
    "DIV",
    42,
    "DivOptions",
    _divide,
    activated(elementwise(_div_gradient)),
    MulDivAttrs,
    None,
    versions(large=(4, 2)),
    "Div",
)
_define(
    "MAXIMUM",
    55,
    "MaximumMinimumOptions",
    np.maximum,
    elementwise(_larger_gradient("GREATER_EQUAL")),
    quant=QuantRule(same_scale=True),
    version=versions(int8=2, int16=4, large=(4, 3)),
    onnx="Max",
    keras="Maximum",
)
_define(
    "MINIMUM",
    57,
    "MaximumMinimumOptions",
    np.minimum,
    elementwise(_larger_gradient("LESS_EQUAL")),
    quant=QuantRule(same_scale=True),
    version=versions(int8=2, int16=4, large=(4, 3)),
    onnx="Min",
    keras="Minimum",
)
_define("POW", 78, "PowOptions", np.power, elementwise(_pow_gradient), onnx="Pow")
_define("ATAN2", 156, "ATan2Options", np.arctan2, elementwise(_atan2_gradient))
_define(
    "SQUARED_DIFFERENCE",
    99,
    "SquaredDifferenceOptions",
    _squared_difference,
    elementwise(_squared_difference_gradient),
    quant=QuantRule(),
    version=versions(int8=2),
)
_define(
    "FLOOR_DIV",
    90,
    "FloorDivOptions",
    _floor_divide,
    NotDifferentiable("constant between steps"),
    version=versions(float32=2, int8=3, int16=3),
)
_define("FLOOR_MOD", 95, "FloorModOptions", np.mod, elementwise(_floor_mod_gradient), version=versions(int8=2, int16=2))
