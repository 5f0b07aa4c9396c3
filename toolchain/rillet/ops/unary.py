"""Elementwise functions of one tensor without parameters: EXP, SQRT, ABS, FLOOR, LOGICAL_NOT and their like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import Op
from .opdef import Array, OpDef, QuantRule, register
from .rules import first_version, present, same_as_input, versions


def _rsqrt(x: Array) -> Array:
    return 1 / np.sqrt(x)


def _computing(function: Callable[[Array], Array]) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        with np.errstate(all="ignore"):
            return [function(*present(arrays))]

    return compute


def _define(
    kind: str,
    code: int,
    options: str,
    function: Callable[[Array], Array],
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
            quant=quant,
            version=version,
            onnx=onnx,
        )
    )


_define("EXP", 47, "ExpOptions", np.exp, QuantRule(), versions(int8=2, int16=2), "Exp")
_define("LOG", 73, "", np.log, QuantRule(), versions(int8=2, int16=2), "Log")
_define("SQRT", 75, "", np.sqrt, None, versions(int8=2, int16=2), "Sqrt")
_define("RSQRT", 76, "", _rsqrt, QuantRule(), versions(int8=2, int16=3))
_define("ABS", 101, "AbsOptions", np.abs, QuantRule(), versions(int8=2, uint8=2, int16=3, int32=5), "Abs")
_define("NEG", 59, "NegOptions", np.negative, onnx="Neg")
_define("SQUARE", 92, "SquareOptions", np.square)
_define("SIN", 66, "", np.sin, onnx="Sin")
_define("COS", 108, "CosOptions", np.cos, onnx="Cos")
_define("FLOOR", 8, "", np.floor, onnx="Floor")
_define("CEIL", 104, "", np.ceil, onnx="Ceil")
_define("ROUND", 116, "", np.rint, onnx="Round")
_define("SIGN", 158, "SignOptions", np.sign, version=versions(int32=2), onnx="Sign")
_define("LOGICAL_NOT", 87, "LogicalNotOptions", np.logical_not, onnx="Not")
_define("ZEROS_LIKE", 93, "ZerosLikeOptions", np.zeros_like)
