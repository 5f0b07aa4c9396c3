"""SCATTER_ND and UNSORTED_SEGMENT_SUM: rows added up at places given by number; what gathers, backwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, ShapeError, operand, register
from .rules import MAX_RANK, Results, ints, length, one_int, present


def _agree(a: Sequence[int | None], b: Sequence[int | None]) -> bool:
    return len(a) == len(b) and all(None in pair or pair[0] == pair[1] for pair in zip(a, b, strict=True))


def _infer_scatter(op: Op) -> Results:
    indices, updates, shape = operand(op, 0), operand(op, 1), ints(op, 2)
    if shape is None:
        return [((None,) * length(op, 2), updates.dtype)]
    depth = indices.shape[-1] if indices.shape else None
    if depth is None or depth > len(shape) or len(shape) > MAX_RANK or min(shape, default=0) < 0:
        raise ShapeError(f"SCATTER_ND '{op.where}': coordinates {indices.shape} do not fit shape {shape}")
    if not _agree(updates.shape, (*indices.shape[:-1], *shape[depth:])):
        raise ShapeError(f"SCATTER_ND '{op.where}': updates {updates.shape} do not fit coordinates {indices.shape}")
    return [(shape, updates.dtype)]


def _scatter(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    indices, updates, shape = present(arrays)
    y = np.zeros(shape.reshape(-1).tolist(), updates.dtype)
    np.add.at(y, tuple(np.moveaxis(indices, -1, 0)), updates)
    return [y]


def _scatter_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [None, b.op("GATHER_ND", [dy, operand(op, 0)])]


def _infer_segments(op: Op) -> Results:
    x, ids, count = operand(op, 0), operand(op, 1), one_int(op, 2)
    rank = len(ids.shape)
    if not rank or rank > len(x.shape) or not _agree(x.shape[:rank], ids.shape) or (count is not None and count < 0):
        raise ShapeError(f"{op.kind} '{op.where}': {count} segments {ids.shape} do not fit values {x.shape}")
    return [((count, *x.shape[rank:]), x.dtype)]


def _segments(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """Values with a negative number are left out."""
    x, ids, count = present(arrays)
    y = np.zeros((int(count.reshape(-1)[0]), *x.shape[ids.ndim :]), x.dtype)
    is_kept = ids >= 0
    np.add.at(y, ids[is_kept], x[is_kept])
    return [y]


def _segments_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    ids = operand(op, 1)
    zero = b.constant(np.zeros((), ids.dtype.numpy))
    rows = b.op("GATHER", [dy, b.op("MAXIMUM", [ids, zero])])
    is_kept = b.reshape(b.op("GREATER_EQUAL", [ids, zero]), (*ids.shape, *(1,) * (len(dy.shape) - 1)))
    return [b.where(is_kept, rows, 0.0)]


register(
    OpDef(
        kind="SCATTER_ND",
        code=122,
        options="ScatterNdOptions",
        infer=_infer_scatter,
        compute=_scatter,
        gradient=single(_scatter_gradient),
    )
)
register(
    OpDef(
        kind="UNSORTED_SEGMENT_SUM",
        code=155,
        options="UnsortedSegmentSumOptions",
        infer=_infer_segments,
        compute=_segments,
        gradient=single(_segments_gradient),
    )
)
