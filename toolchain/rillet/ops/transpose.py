"""TRANSPOSE and REVERSE_V2: the same values in another order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, present, required_ints, resolve_axis, same_as_input, versions


def _infer_transpose(op: Op) -> Results:
    x, order = operand(op, 0), ints(op, 1)
    if order is None:
        return [((None,) * len(x.shape), x.dtype)]
    axes = [resolve_axis(op, a, len(x.shape)) for a in order]
    if sorted(axes) != list(range(len(x.shape))):
        raise ShapeError(f"TRANSPOSE '{op.where}': {order} is no order of the {len(x.shape)} dimensions")
    return [(tuple(x.shape[a] for a in axes), x.dtype)]


def _compute_transpose(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, order = present(arrays)
    return [np.transpose(x, order.reshape(-1).tolist())]


def _compute_reverse(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, axes = present(arrays)
    return [np.flip(x, tuple(axes.reshape(-1).tolist()))]


def _transpose_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    order = [resolve_axis(op, a, len(dy.shape)) for a in required_ints(op, 1, "the order")]
    return [b.transpose(dy, sorted(range(len(order)), key=order.__getitem__))]


def _reverse_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.op("REVERSE_V2", [dy, operand(op, 1)])]


def _transpose_version(op: Op) -> int:
    rank = len(operand(op, 0).shape)
    return 8 if rank > 6 else 6 if rank > 5 else versions(int8=2, bool=3, int16=5, int4=7, float16=9, large=(4, 4))(op)


register(
    OpDef(
        kind="TRANSPOSE",
        code=39,
        options="TransposeOptions",
        infer=_infer_transpose,
        compute=_compute_transpose,
        gradient=single(_transpose_gradient),
        quant=QuantRule(same_scale=True),
        version=_transpose_version,
        onnx="Transpose",
        keras="Permute",
    )
)
register(
    OpDef(
        kind="REVERSE_V2",
        code=105,
        options="ReverseV2Options",
        infer=same_as_input,
        compute=_compute_reverse,
        gradient=single(_reverse_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(bool=2, int8=3),
    )
)
