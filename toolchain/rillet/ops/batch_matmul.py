"""BATCH_MATMUL: (..., m, k) by (..., k, n), leading dimensions broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, Shape, Tensor
from .gradient import GradientBuilder, Gradients, elementwise
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, broadcast, present, versions


@dataclass
class BatchMatMulAttrs(Attrs):
    """`adj_x`, `adj_y`: the last two dimensions of that operand are stored transposed."""

    adj_x: bool = False
    adj_y: bool = False
    asymmetric_quantize_inputs: bool = False


def _oriented(op: Op) -> tuple[Shape, Shape]:
    x, y = operand(op, 0).shape, operand(op, 1).shape
    assert isinstance(op.attrs, BatchMatMulAttrs)
    if len(x) < 2 or len(y) < 2:
        raise ShapeError(f"BATCH_MATMUL '{op.where}': operands {x} and {y} are not both matrices")
    x = (*x[:-2], x[-1], x[-2]) if op.attrs.adj_x else x
    y = (*y[:-2], y[-1], y[-2]) if op.attrs.adj_y else y
    if None not in (x[-1], y[-2]) and x[-1] != y[-2]:
        raise ShapeError(f"BATCH_MATMUL '{op.where}': {x} by {y} has {x[-1]} columns against {y[-2]} rows")
    return x, y


def _infer(op: Op) -> Results:
    x, y = _oriented(op)
    return [((*broadcast(op, x[:-2], y[:-2]), x[-2], y[-1]), operand(op, 0).dtype)]


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, y = present(arrays)
    assert isinstance(op.attrs, BatchMatMulAttrs)
    x = np.swapaxes(x, -1, -2) if op.attrs.adj_x else x
    y = np.swapaxes(y, -1, -2) if op.attrs.adj_y else y
    return [x @ y]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """z = x y gives dx = dz y' and dy = x' dz; an operand stored transposed gets its gradient transposed."""
    x, y, a = operand(op, 0), operand(op, 1), op.attrs
    assert isinstance(a, BatchMatMulAttrs)
    dx = b.matmul(y, dy, a.adj_y, True) if a.adj_x else b.matmul(dy, y, False, not a.adj_y)
    dz = b.matmul(dy, x, True, a.adj_x) if a.adj_y else b.matmul(x, dy, not a.adj_x, False)
    return [dx, dz]


def _macs(op: Op) -> int:
    return op.outputs[0].size * (_oriented(op)[0][-1] or 0)


def _version(op: Op) -> int:
    assert isinstance(op.attrs, BatchMatMulAttrs)
    is_hybrid = operand(op, 0).dtype is DType.FLOAT32 and operand(op, 1).dtype is DType.INT8
    return 4 if is_hybrid and op.attrs.asymmetric_quantize_inputs else versions(int8=2, int16=3)(op)


register(
    OpDef(
        kind="BATCH_MATMUL",
        code=126,
        options="BatchMatMulOptions",
        attrs=BatchMatMulAttrs,
        infer=_infer,
        compute=_compute,
        gradient=elementwise(_gradient),
        macs=_macs,
        quant=QuantRule(),
        version=_version,
        onnx="MatMul",
    )
)
