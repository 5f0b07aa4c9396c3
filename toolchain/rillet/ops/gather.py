"""GATHER (rows by number), GATHER_ND (by coordinates), EMBEDDING_LOOKUP and ONE_HOT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, one_int, present, resolve_axis, versions


@dataclass
class GatherAttrs(Attrs):
    axis: int = 0
    batch_dims: int = 0


@dataclass
class OneHotAttrs(Attrs):
    axis: int = 0


def _gather_axes(op: Op, rank: int, index_rank: int) -> tuple[int, int]:
    """(axis, batch_dims) counted from the front."""
    assert isinstance(op.attrs, GatherAttrs)
    axis = resolve_axis(op, op.attrs.axis, rank)
    batch = op.attrs.batch_dims + (index_rank if op.attrs.batch_dims < 0 else 0)
    if not 0 <= batch <= min(axis, index_rank):
        raise ShapeError(f"GATHER '{op.where}': batch_dims {op.attrs.batch_dims} does not fit axis {axis}")
    return axis, batch


def _infer_gather(op: Op) -> Results:
    x, indices = operand(op, 0), operand(op, 1)
    axis, batch = _gather_axes(op, len(x.shape), len(indices.shape))
    return [((*x.shape[:axis], *indices.shape[batch:], *x.shape[axis + 1 :]), x.dtype)]


def _compute_gather(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, indices = present(arrays)
    axis, batch = _gather_axes(op, x.ndim, indices.ndim)
    if batch == 0:
        return [np.take(x, indices, axis=axis)]
    pairs = zip(x.reshape(-1, *x.shape[batch:]), indices.reshape(-1, *indices.shape[batch:]), strict=True)
    rows = np.stack([np.take(values, places, axis=axis - batch) for values, places in pairs])
    return [rows.reshape(*x.shape[:batch], *rows.shape[1:])]


def _infer_gather_nd(op: Op) -> Results:
    x, indices = operand(op, 0), operand(op, 1)
    depth = indices.shape[-1] if indices.shape else None
    if depth is None or depth > len(x.shape):
        raise ShapeError(f"GATHER_ND '{op.where}': coordinates {indices.shape} do not fit values {x.shape}")
    return [((*indices.shape[:-1], *x.shape[depth:]), x.dtype)]


def _compute_gather_nd(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, indices = present(arrays)
    return [x[tuple(np.moveaxis(indices, -1, 0))]]


def _infer_embedding(op: Op) -> Results:
    ids, table = operand(op, 0), operand(op, 1)
    if len(ids.shape) != 1 or len(table.shape) < 2:
        raise ShapeError(f"EMBEDDING_LOOKUP '{op.where}': ids {ids.shape} must be 1-D, table {table.shape} 2-D or more")
    is_hybrid = op.outputs[0].dtype is DType.FLOAT32 if op.outputs else table.dtype in (DType.INT4, DType.INT2)
    return [((*ids.shape, *table.shape[1:]), DType.FLOAT32 if is_hybrid else table.dtype)]


def _compute_embedding(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    ids, table = present(arrays)
    return [np.take(table, ids, axis=0)]


def _one_hot_axis(op: Op, rank: int) -> int:
    assert isinstance(op.attrs, OneHotAttrs)
    return resolve_axis(op, op.attrs.axis, rank + 1)


def _infer_one_hot(op: Op) -> Results:
    indices, depth = operand(op, 0), one_int(op, 1)
    axis = _one_hot_axis(op, len(indices.shape))
    if depth is not None and depth < 0:
        raise ShapeError(f"ONE_HOT '{op.where}': depth is {depth}")
    shape = (*indices.shape[:axis], depth, *indices.shape[axis:])
    return [(shape, operand(op, 2).dtype)]


def _compute_one_hot(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    indices, depth, on, off = present(arrays)
    axis = _one_hot_axis(op, indices.ndim)
    places = np.arange(int(depth.reshape(-1)[0])).reshape(-1, *(1,) * (indices.ndim - axis))
    return [np.where(np.expand_dims(indices, axis) == places, on.reshape(-1)[0], off.reshape(-1)[0])]


def _gather_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Rows added up where they came from. Batches become segments of their own: their rows are numbered apart."""
    x, indices = operand(op, 0), b.cast(operand(op, 1), DType.INT32)
    axis, batch = _gather_axes(op, len(x.shape), len(indices.shape))
    if not indices.shape:
        indices, dy = b.reshape(indices, (1,)), b.reshape(dy, (*dy.shape[:axis], 1, *dy.shape[axis:]))
    if axis == 0:
        return [b.op("UNSORTED_SEGMENT_SUM", [dy, indices, b.constant(x.static_shape[0])])]
    shape, places = x.static_shape, len(indices.shape) - batch
    # dy: batches, axes between, places, axes after. The places move behind the batches.
    between, moved = range(batch, axis), range(axis, axis + places)
    order = [*range(batch), *moved, *between, *range(axis + places, len(dy.shape))]
    rows = b.transpose(dy, order)
    batches = prod(shape[:batch])
    if batch:
        first = np.arange(batches, dtype=np.int32).reshape(*shape[:batch], *(1,) * places) * np.int32(shape[axis])
        indices = b.op("ADD", [indices, b.constant(first)])
    total = b.op("UNSORTED_SEGMENT_SUM", [rows, indices, b.constant(batches * shape[axis])])
    total = b.reshape(total, (*shape[:batch], shape[axis], *shape[batch:axis], *shape[axis + 1 :]))
    back = [*range(batch), *range(batch + 1, axis + 1), batch, *range(axis + 1, len(shape))]
    return [b.transpose(total, back)]


def _gather_nd_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    x, indices = operand(op, 0), b.cast(operand(op, 1), DType.INT32)
    return [b.shaped(b.op("SCATTER_ND", [indices, dy, b.shape(x)]), x.shape)]


def _embedding_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    ids, table = operand(op, 0), operand(op, 1)
    return [None, b.op("UNSORTED_SEGMENT_SUM", [dy, ids, b.constant(table.static_shape[0])])]


def _one_hot_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Each of the two values gets the sum of the gradients where it stands."""
    assert isinstance(op.attrs, OneHotAttrs)
    on, off = operand(op, 2), operand(op, 3)
    constants = [b.scalar(1.0, dy), b.scalar(0.0, dy)]
    is_on = b.op("ONE_HOT", [operand(op, 0), operand(op, 1), *constants], axis=op.attrs.axis)
    everywhere = range(len(dy.shape))
    of_on = b.sum(b.mul(dy, is_on), everywhere)
    of_off = b.sub(b.sum(dy, everywhere), of_on)
    return [None, None, b.reshape_like(of_on, on), b.reshape_like(of_off, off)]


def _gather_version(op: Op) -> int:
    assert isinstance(op.attrs, GatherAttrs)
    if operand(op, 0).dtype is DType.INT4:
        return 7
    if operand(op, 1).dtype is DType.INT16:
        return 6
    return 5 if op.attrs.batch_dims else versions(int8=2, bool=3, int16=4)(op)


def _embedding_version(op: Op) -> int:
    table = operand(op, 1)
    if table.dtype is DType.INT2:
        return 5
    return 4 if table.dtype is DType.INT4 or (table.quantization is not None and table.quantization.is_per_axis) else 1


register(
    OpDef(
        kind="GATHER",
        code=36,
        options="GatherOptions",
        attrs=GatherAttrs,
        infer=_infer_gather,
        compute=_compute_gather,
        gradient=single(_gather_gradient),
        quant=QuantRule(same_scale=True),
        version=_gather_version,
        onnx="Gather",
    )
)
register(
    OpDef(
        kind="GATHER_ND",
        code=107,
        options="GatherNdOptions",
        infer=_infer_gather_nd,
        compute=_compute_gather_nd,
        gradient=single(_gather_nd_gradient),
        quant=QuantRule(same_scale=True),
        version=lambda op: 4 if operand(op, 1).dtype is DType.INT16 else versions(int16=3, bool=5)(op),
        onnx="GatherND",
    )
)
register(
    OpDef(
        kind="EMBEDDING_LOOKUP",
        code=7,
        infer=_infer_embedding,
        compute=_compute_embedding,
        gradient=single(_embedding_gradient),
        quant=QuantRule(same_scale=True),
        version=_embedding_version,
        keras="Embedding",
    )
)
register(
    OpDef(
        kind="ONE_HOT",
        code=85,
        options="OneHotOptions",
        attrs=OneHotAttrs,
        infer=_infer_one_hot,
        compute=_compute_one_hot,
        gradient=single(_one_hot_gradient),
        onnx="OneHot",
    )
)
