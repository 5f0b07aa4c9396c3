"""Comparisons and logic of two broadcast operands, and SELECT by such a condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, elementwise, single
from .opdef import Array, NotDifferentiable, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, broadcast, first_version, present, versions


def _infer(op: Op) -> Results:
    a, b = operand(op, 0), operand(op, 1)
    if a.dtype is not b.dtype:
        raise ShapeError(f"{op.kind} '{op.where}': operands are {a.dtype.name} and {b.dtype.name}, not of one type")
    return [(broadcast(op, a.shape, b.shape), DType.BOOL)]


def _define(
    kind: str,
    code: int,
    options: str,
    function: Callable[[Array, Array], Array],
    version: Callable[[Op], int],
    quant: QuantRule | None = None,
    onnx: str = "",
) -> None:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        return [function(*present(arrays))]

    register(
        OpDef(
            kind=kind,
            code=code,
            options=options,
            infer=_infer,
            compute=compute,
            gradient=NotDifferentiable("its result is a truth value"),
            quant=quant,
            version=version,
            onnx=onnx,
            is_elementwise=True,
        )
    )


_define("EQUAL", 71, "EqualOptions", np.equal, versions(int8=2, int16=5), QuantRule(), "Equal")
_define("NOT_EQUAL", 72, "NotEqualOptions", np.not_equal, versions(int8=2, int16=4), QuantRule())
_define("LESS", 58, "LessOptions", np.less, versions(int8=2, int16=3), QuantRule(), "Less")
_define("LESS_EQUAL", 63, "LessEqualOptions", np.less_equal, versions(int8=2), QuantRule(), "LessOrEqual")
_define("GREATER", 61, "GreaterOptions", np.greater, versions(int8=2), QuantRule(), "Greater")
_define(
    "GREATER_EQUAL",
    62,
    "GreaterEqualOptions",
    np.greater_equal,
    versions(int8=2, int16=3),
    QuantRule(),
    "GreaterOrEqual",
)
_define("LOGICAL_AND", 86, "LogicalAndOptions", np.logical_and, first_version, onnx="And")
_define("LOGICAL_OR", 84, "LogicalOrOptions", np.logical_or, first_version, onnx="Or")


def _infer_select(op: Op) -> Results:
    condition, x, y = (operand(op, i).shape for i in range(3))
    if len(condition) == 1 and len(x) > 1:
        condition = (*condition, *(1,) * (len(x) - 1))  # a vector chooses among rows
    shape = broadcast(op, x, y)
    if len(x) != len(y) or broadcast(op, condition, shape) != shape:
        raise ShapeError(f"SELECT '{op.where}': condition {condition} and values {x}, {y} do not fit")
    return [(shape, operand(op, 1).dtype)]


def _compute_select(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    condition, x, y = present(arrays)
    if condition.ndim == 1 and x.ndim > 1:
        condition = condition.reshape(-1, *(1,) * (x.ndim - 1))
    return [np.where(condition, x, y)]


def _infer_select_v2(op: Op) -> Results:
    x, y = operand(op, 1), operand(op, 2)
    return [(broadcast(op, operand(op, 0).shape, x.shape, y.shape), x.dtype)]


def _compute_select_v2(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [np.where(*present(arrays))]


def _select_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Values of SELECT broadcast, and so does its condition, except that a vector chooses among rows."""
    condition, x, y = (operand(op, i) for i in range(3))
    if len(condition.shape) == 1 and len(x.shape) > 1:
        condition = b.reshape(condition, (*condition.shape, *(1,) * (len(x.shape) - 1)))
    return [None, b.sum_to(b.where(condition, dy, 0.0), x), b.sum_to(b.where(condition, 0.0, dy), y)]


def _select_v2_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    condition = operand(op, 0)
    return [None, b.where(condition, dy, 0.0), b.where(condition, 0.0, dy)]


def _infer_where(op: Op) -> Results:
    """The coordinates of what is not zero: how many is known at run time only."""
    return [((None, len(operand(op, 0).shape)), DType.INT64)]


def _compute_where(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [np.argwhere(present(arrays)[0])]


register(
    OpDef(
        kind="SELECT",
        code=64,
        options="SelectOptions",
        infer=_infer_select,
        compute=_compute_select,
        gradient=single(_select_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, uint32=4, large=(4, 3)),
    )
)
register(
    OpDef(
        kind="SELECT_V2",
        code=123,
        options="SelectV2Options",
        infer=_infer_select_v2,
        compute=_compute_select_v2,
        gradient=elementwise(_select_v2_gradient),
        quant=QuantRule(same_scale=True),
        onnx="Where",
        is_elementwise=True,
    )
)
register(
    OpDef(
        kind="WHERE",
        code=109,
        options="WhereOptions",
        infer=_infer_where,
        compute=_compute_where,
        gradient=NotDifferentiable("its results are coordinates"),
        version=versions(2, bool=1),
    )
)
