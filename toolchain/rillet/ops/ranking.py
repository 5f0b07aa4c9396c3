"""Order along an axis: ARG_MAX, ARG_MIN, TOPK_V2, and CUMSUM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, NotDifferentiable, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, one_int, present, resolve_axis, same_as_input, versions


@dataclass
class ArgAttrs(Attrs):
    output_type: DType = DType.INT32


@dataclass
class CumsumAttrs(Attrs):
    exclusive: bool = False
    reverse: bool = False


def _infer_arg(op: Op) -> Results:
    x = operand(op, 0)
    assert isinstance(op.attrs, ArgAttrs)
    wanted = one_int(op, 1)
    if wanted is None:
        return [((None,) * max(0, len(x.shape) - 1), op.attrs.output_type)]
    axis = resolve_axis(op, wanted, len(x.shape))
    return [((*x.shape[:axis], *x.shape[axis + 1 :]), op.attrs.output_type)]


def _arg(function: Callable[..., Array]) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        x, axis = present(arrays)
        return [function(x, axis=int(axis.reshape(-1)[0]))]

    return compute


def _infer_topk(op: Op) -> Results:
    x, k = operand(op, 0), one_int(op, 1)
    if not x.shape or (k is not None and x.shape[-1] is not None and k > x.shape[-1]):
        raise ShapeError(f"TOPK_V2 '{op.where}': {k} values of input {x.shape}")
    shape = (*x.shape[:-1], None if k is None else max(0, k))
    index_type = op.outputs[1].dtype if len(op.outputs) > 1 else DType.INT32
    return [(shape, x.dtype), (shape, index_type)]


def _compute_topk(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, k = present(arrays)
    # Sorting the reversed row ascending and reversing again keeps the lower index first among equals.
    order = x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    order = order[..., : int(k.reshape(-1)[0])]
    return [np.take_along_axis(x, order, axis=-1), order]


def _compute_cumsum(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, along = present(arrays)
    assert isinstance(op.attrs, CumsumAttrs)
    axis = int(along.reshape(-1)[0])
    source = np.flip(x, axis) if op.attrs.reverse else x
    total = np.cumsum(source, axis=axis, dtype=x.dtype)
    if op.attrs.exclusive:
        total = total - source
    return [np.flip(total, axis) if op.attrs.reverse else total]


def _topk_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    """Each value's gradient back to its place in the row."""
    x, dy = operand(op, 0), dys[0]
    if dy is None:
        return [None]
    depth = b.constant(x.static_shape[-1])
    places = b.op("ONE_HOT", [op.outputs[1], depth, b.scalar(1.0, x), b.scalar(0.0, x)], axis=-1)
    row = b.matmul(b.reshape(dy, (*dy.shape[:-1], 1, dy.shape[-1])), places)
    return [b.reshape_like(row, x)]


def _cumsum_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Each element is in the sums of all that follow it."""
    assert isinstance(op.attrs, CumsumAttrs)
    return [b.op("CUMSUM", [dy, operand(op, 1)], exclusive=op.attrs.exclusive, reverse=not op.attrs.reverse)]


_PLACES = NotDifferentiable("its results are places")

register(
    OpDef(
        kind="ARG_MAX",
        code=56,
        options="ArgMaxOptions",
        attrs=ArgAttrs,
        infer=_infer_arg,
        compute=_arg(np.argmax),
        gradient=_PLACES,
        quant=QuantRule(),
        version=versions(int8=2, bool=3),
        onnx="ArgMax",
    )
)
register(
    OpDef(
        kind="ARG_MIN",
        code=79,
        options="ArgMinOptions",
        attrs=ArgAttrs,
        infer=_infer_arg,
        compute=_arg(np.argmin),
        gradient=_PLACES,
        quant=QuantRule(),
        version=versions(int8=2, bool=3),
        onnx="ArgMin",
    )
)
register(
    OpDef(
        kind="TOPK_V2",
        code=48,
        options="TopKV2Options",
        infer=_infer_topk,
        compute=_compute_topk,
        gradient=_topk_gradient,
        quant=QuantRule(same_scale=True),
        version=lambda op: (
            3 if DType.INT16 in {operand(op, 1).dtype, op.outputs[1].dtype} else versions(int8=2, int16=3)(op)
        ),
        onnx="TopK",
    )
)
register(
    OpDef(
        kind="CUMSUM",
        code=128,
        options="CumsumOptions",
        attrs=CumsumAttrs,
        infer=same_as_input,
        compute=_compute_cumsum,
        gradient=single(_cumsum_gradient),
        onnx="CumSum",
    )
)
