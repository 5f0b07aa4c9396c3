"""Tensors made from shapes and counts: TILE, BROADCAST_TO, FILL, SHAPE, RANK and RANGE."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, NotDifferentiable, OpDef, QuantRule, ShapeError, operand, register
from .rules import MAX_RANK, Results, broadcast, ints, length, present, product, required_ints, versions


@dataclass
class ShapeAttrs(Attrs):
    out_type: DType = DType.INT32


def _infer_tile(op: Op) -> Results:
    x, times = operand(op, 0), ints(op, 1)
    if times is None:
        return [((None,) * len(x.shape), x.dtype)]
    if len(times) != len(x.shape) or any(t < 0 for t in times):
        raise ShapeError(f"TILE '{op.where}': multiples {times} do not fit input {x.shape}")
    return [(tuple(None if d is None else d * t for d, t in zip(x.shape, times, strict=True)), x.dtype)]


def _compute_tile(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, times = present(arrays)
    return [np.tile(x, times.tolist())]


def _infer_broadcast_to(op: Op) -> Results:
    x, shape = operand(op, 0), ints(op, 1)
    if shape is None:
        return [((None,) * length(op, 1), x.dtype)]
    is_shape = len(shape) <= MAX_RANK and all(d >= 0 for d in shape)
    if not is_shape or any(b not in (None, d) for b, d in zip_longest(broadcast(op, x.shape, shape), shape)):
        raise ShapeError(f"BROADCAST_TO '{op.where}': {x.shape} does not broadcast to {shape}")
    return [(shape, x.dtype)]


def _compute_broadcast_to(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, shape = present(arrays)
    return [np.broadcast_to(x, shape.tolist())]


def _infer_fill(op: Op) -> Results:
    shape = ints(op, 0)
    if shape is not None and (len(shape) > MAX_RANK or any(d < 0 for d in shape)):
        raise ShapeError(f"FILL '{op.where}': {shape} is not a shape")
    return [((None,) * length(op, 0) if shape is None else shape, operand(op, 1).dtype)]


def _compute_fill(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    shape, value = present(arrays)
    return [np.full(shape.reshape(-1).tolist(), value.reshape(-1)[0])]


def _infer_shape(op: Op) -> Results:
    assert isinstance(op.attrs, ShapeAttrs)
    return [((len(operand(op, 0).shape),), op.attrs.out_type)]


def _compute_shape(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert isinstance(op.attrs, ShapeAttrs)
    return [np.array(present(arrays)[0].shape, op.attrs.out_type.numpy)]


def _infer_rank(op: Op) -> Results:
    return [((), DType.INT32)]


def _compute_rank(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [np.array(present(arrays)[0].ndim, np.int32)]


def _count(start: float, limit: float, delta: float) -> int:
    return max(0, math.ceil((limit - start) / delta))


def _infer_range(op: Op) -> Results:
    start = operand(op, 0)
    ends = [operand(op, i).data for i in range(3)]
    if any(e is not None and e.size != 1 for e in ends):
        raise ShapeError(f"RANGE '{op.where}': start, limit and step must hold one value each")
    values = [e.reshape(-1)[0].item() for e in ends if e is not None]
    if len(values) < 3:
        return [((None,), start.dtype)]
    if not values[2] or (values[1] - values[0]) * values[2] < 0:
        raise ShapeError(f"RANGE '{op.where}': no step of {values[2]} leads from {values[0]} to {values[1]}")
    return [((_count(*values),), start.dtype)]


def _compute_range(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    start, limit, delta = (a.reshape(-1)[0].item() for a in present(arrays))
    return [start + np.arange(_count(start, limit, delta)) * delta]


def _tile_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Axis by axis, copies side by side become an axis of their own, which is summed away."""
    x = operand(op, 0)
    multiples = required_ints(op, 1, "the multiples")
    for axis, times in enumerate(multiples):
        if times != 1:
            inner = product((*x.shape[axis : axis + 1], *op.outputs[0].shape[axis + 1 :]))
            dy = b.sum(b.reshape(dy, (product(x.shape[:axis]), times, inner)), (1,))
    return [b.reshape_like(dy, x)]


def _broadcast_to_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.sum_to(dy, operand(op, 0))]


def _fill_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [None, b.reshape_like(b.sum(dy, range(len(dy.shape))), operand(op, 1))]


_COUNTS = NotDifferentiable("its result depends on shapes and counts")

register(
    OpDef(
        kind="TILE",
        code=69,
        options="TileOptions",
        infer=_infer_tile,
        compute=_compute_tile,
        gradient=single(_tile_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(int8=3),
        onnx="Tile",
    )
)
register(
    OpDef(
        kind="BROADCAST_TO",
        code=130,
        options="BroadcastToOptions",
        infer=_infer_broadcast_to,
        compute=_compute_broadcast_to,
        gradient=single(_broadcast_to_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(2, int8=3, int16=3),
        onnx="Expand",
    )
)
register(
    OpDef(
        kind="FILL",
        code=94,
        options="FillOptions",
        infer=_infer_fill,
        compute=_compute_fill,
        gradient=single(_fill_gradient),
        quant=QuantRule(same_scale=True),
        version=lambda op: {"INT8": 3, "INT16": 3, "BOOL": 2, "FLOAT16": 4}.get(operand(op, 1).dtype.name, 1),
        onnx="ConstantOfShape",
    )
)
register(
    OpDef(
        kind="SHAPE",
        code=77,
        options="ShapeOptions",
        attrs=ShapeAttrs,
        infer=_infer_shape,
        compute=_compute_shape,
        gradient=_COUNTS,
        quant=QuantRule(),
        onnx="Shape",
    )
)
register(
    OpDef(
        kind="RANK",
        code=110,
        options="RankOptions",
        infer=_infer_rank,
        compute=_compute_rank,
        gradient=_COUNTS,
        quant=QuantRule(),
    )
)
register(
    OpDef(
        kind="RANGE",
        code=96,
        options="RangeOptions",
        infer=_infer_range,
        compute=_compute_range,
        gradient=_COUNTS,
        version=versions(int64=2),
        onnx="Range",
    )
)
