"""Elementwise functions of one tensor without parameters: EXP, SQRT, ABS, FLOOR, LOGICAL_NOT and their like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import Op, Tensor
from .gradient import GradientBuilder, single
from .opdef import Array, GradientRule, NotDifferentiable, OpDef, QuantRule, operand, register
from .rules import first_version, present, same_as_input, versions


def _rsqrt(x: Array) -> Array:
    return 1 / np.sqrt(x)


def _computing(function: Callable[[Array], Array]) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        with np.errstate(all="ignore"):
            return [function(*present(arrays))]

    return compute


def _slope(slope: Callable[[GradientBuilder, Tensor, Tensor], Tensor]) -> GradientRule:
    """dy times the slope, which is given from input and output."""
    return single(lambda b, op, dy: [b.mul(dy, slope(b, operand(op, 0), op.outputs[0]))])


def _define(
    kind: str,
    code: int,
    options: str,
    function: Callable[[Array], Array],
    gradient: GradientRule | NotDifferentiable,
    quant: QuantRule | None = None,
    version: Callable[[Op], int] = first_version,
    onnx: str = "",
) -> None:
    register(
        OpDef(
            kind=kind,
            code=code,
            options=options,
            infer=same_as_input,
            compute=_computing(function),
            gradient=gradient,
            quant=quant,
            version=version,
            onnx=onnx,
            is_elementwise=True,
        )
    )


_STEPS = NotDifferentiable("constant between steps")
_define("EXP", 47, "ExpOptions", np.exp, _slope(lambda b, x, y: y), QuantRule(), versions(int8=2, int16=2), "Exp")
_define(
    "LOG",
    73,
    "",
    np.log,
    single(lambda b, op, dy: [b.div(dy, operand(op, 0))]),
    QuantRule(),
    versions(int8=2, int16=2),
    "Log",
)
_define(
    "SQRT",
    75,
    "",
    np.sqrt,
    single(lambda b, op, dy: [b.div(b.mul(dy, 0.5), op.outputs[0])]),
    None,
    versions(int8=2, int16=2),
    "Sqrt",
)
_define(
    "RSQRT",
    76,
    "",
    _rsqrt,
    _slope(lambda b, x, y: b.mul(b.mul(y, b.square(y)), -0.5)),
    QuantRule(),
    versions(int8=2, int16=3),
)
_define(
    "ABS",
    101,
    "AbsOptions",
    np.abs,
    _slope(lambda b, x, y: b.op("SIGN", [x])),
    QuantRule(),
    versions(int8=2, uint8=2, int16=3, int32=5),
    "Abs",
)
_define("NEG", 59, "NegOptions", np.negative, single(lambda b, op, dy: [b.neg(dy)]), onnx="Neg")
_define("SQUARE", 92, "SquareOptions", np.square, _slope(lambda b, x, y: b.mul(x, 2.0)))
_define("SIN", 66, "", np.sin, _slope(lambda b, x, y: b.op("COS", [x])), onnx="Sin")
_define("COS", 108, "CosOptions", np.cos, _slope(lambda b, x, y: b.neg(b.op("SIN", [x]))), onnx="Cos")
_define("FLOOR", 8, "", np.floor, _STEPS, onnx="Floor")
_define("CEIL", 104, "", np.ceil, _STEPS, onnx="Ceil")
_define("ROUND", 116, "", np.rint, _STEPS, onnx="Round")
_define("SIGN", 158, "SignOptions", np.sign, _STEPS, version=versions(int32=2), onnx="Sign")
_define("LOGICAL_NOT", 87, "LogicalNotOptions", np.logical_not, NotDifferentiable("logic"), onnx="Not")
_define("ZEROS_LIKE", 93, "ZerosLikeOptions", np.zeros_like, NotDifferentiable("constant"))
