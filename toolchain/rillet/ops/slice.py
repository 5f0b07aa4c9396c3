"""SLICE (begin and size) and STRIDED_SLICE (begin, end and strides with Python's and NumPy's forms as bit masks)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import MAX_RANK, Results, ints, present, required_ints, versions


@dataclass
class StridedSliceAttrs(Attrs):
    """Bit i of a mask speaks of entry i of begin, end and strides. `offset`: end counts from begin."""

    begin_mask: int = 0
    end_mask: int = 0
    ellipsis_mask: int = 0
    new_axis_mask: int = 0
    shrink_axis_mask: int = 0
    offset: bool = False


def _infer_slice(op: Op) -> Results:
    x, begin, size = operand(op, 0), ints(op, 1), ints(op, 2)
    if size is None or (begin is None and -1 in size):
        return [((None,) * len(x.shape), x.dtype)]
    begin = (0,) * len(x.shape) if begin is None else begin
    if not len(begin) == len(size) == len(x.shape):
        raise ShapeError(f"SLICE '{op.where}': begin {begin} and size {size} do not fit input {x.shape}")
    shape: list[int | None] = []
    for total, start, count in zip(x.shape, begin, size, strict=True):
        if count < -1 or start < 0 or (total is not None and start + max(count, 0) > total):
            raise ShapeError(f"SLICE '{op.where}': begin {begin} and size {size} reach beyond input {x.shape}")
        shape.append(count if count != -1 else None if total is None else total - start)
    return [(tuple(shape), x.dtype)]


def _compute_slice(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, begin, size = present(arrays)
    index = tuple(slice(b, b + s if s != -1 else None) for b, s in zip(begin.tolist(), size.tolist(), strict=True))
    return [x[index]]


Index = int | slice | None


def _entries(op: Op, rank: int, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]) -> list[Index]:
    """The slice as NumPy would index: one entry per input dimension, and a None for each new axis."""
    a = op.attrs
    assert isinstance(a, StridedSliceAttrs)
    if not len(begin) == len(end) == len(strides) <= 2 * MAX_RANK:
        raise ShapeError(f"STRIDED_SLICE '{op.where}': begin {begin}, end {end} and strides {strides} differ in length")
    new = sum(a.new_axis_mask >> i & ~(a.ellipsis_mask >> i) & 1 for i in range(len(begin)))
    missing = rank - (len(begin) - new)  # dimensions that no entry speaks of: the ellipsis', or the last ones
    if missing < -(1 if a.ellipsis_mask & ((1 << len(begin)) - 1) else 0):
        raise ShapeError(f"STRIDED_SLICE '{op.where}': {len(begin) - new} entries for {rank} dimensions")
    entries: list[Index] = []
    for i, (start, stop, stride) in enumerate(zip(begin, end, strides, strict=True)):
        if stride == 0:
            raise ShapeError(f"STRIDED_SLICE '{op.where}': stride 0 in {tuple(strides)}")
        if a.ellipsis_mask >> i & 1:
            entries += [slice(None)] * (missing + 1)
            missing = 0
        elif a.new_axis_mask >> i & 1:
            entries.append(None)
        elif a.shrink_axis_mask >> i & 1:
            entries.append(0 if a.begin_mask >> i & 1 else start)
        else:
            first = None if a.begin_mask >> i & 1 else start
            last: int | None = None if a.end_mask >> i & 1 else stop
            if a.offset and last is not None:
                base = 0 if first is None else start
                last += base
                last = None if base < 0 <= last else last  # counted from the end, and beyond it
            entries.append(slice(first, last, stride))
    return entries + [slice(None)] * missing


def _infer_strided_slice(op: Op) -> Results:
    x = operand(op, 0)
    begin, end = ints(op, 1), ints(op, 2)
    strides = required_ints(op, 3, "the strides")
    is_known = begin is not None and end is not None
    zeros = (0,) * len(strides)
    entries = _entries(op, len(x.shape), zeros if begin is None else begin, zeros if end is None else end, strides)
    shape: list[int | None] = []
    dims = iter(x.shape)
    for entry in entries:
        if entry is None:
            shape.append(1)
            continue
        size = next(dims, None)
        if isinstance(entry, int):
            if size is not None and not -size <= entry < size:
                raise ShapeError(f"STRIDED_SLICE '{op.where}': index {entry} is outside of input {x.shape}")
        elif entry == slice(None) or (entry.start is None and entry.stop is None and entry.step == 1):
            shape.append(size)
        elif size is None or not is_known:
            shape.append(None)
        else:
            shape.append(len(range(*entry.indices(size))))
    return [(tuple(shape), x.dtype)]


def _compute_strided_slice(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, begin, end, strides = present(arrays)
    return [x[tuple(_entries(op, x.ndim, begin.tolist(), end.tolist(), strides.tolist()))]]


def _slice_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Zeros around."""
    shape, begin = operand(op, 0).static_shape, required_ints(op, 1, "the begin")
    parts = zip(shape, begin, dy.static_shape, strict=True)
    return [_padded(b, dy, [(start, size - start - count) for size, start, count in parts])]


def _padded(b: GradientBuilder, x: Tensor, paddings: list[tuple[int, int]]) -> Tensor:
    if all(pair == (0, 0) for pair in paddings):
        return x
    return b.op("PAD", [x, b.constant(np.array(paddings, np.int32))])


def _strided_slice_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Axis by axis back to the input's size; first every axis of the input gets its place again."""
    shape = operand(op, 0).static_shape
    begin, end, strides = (required_ints(op, i, "begin, end and strides") for i in (1, 2, 3))
    entries = [e for e in _entries(op, len(shape), begin, end, strides) if e is not None]
    taken = [
        range(e % size, e % size + 1) if isinstance(e, int) else range(*e.indices(size))
        for e, size in zip(entries, shape, strict=True)
    ]
    if not all(taken):
        return [b.zeros_like(operand(op, 0))]
    dy = b.reshape(dy, tuple(len(each) for each in taken))
    for axis, places in enumerate(taken):
        dy = _spread(b, dy, axis, places, shape[axis])
    edges = [(min(p[0], p[-1]), size - 1 - max(p[0], p[-1])) for p, size in zip(taken, shape, strict=True)]
    return [_padded(b, dy, edges)]


def _spread(b: GradientBuilder, x: Tensor, axis: int, places: range, size: int) -> Tensor:
    """Elements along `axis` as far from each other as `places` are, in rising order, zeros between."""
    if places.step < 0 and len(places) > 1:
        x = b.op("REVERSE_V2", [x, b.ints((axis,))])
    step = abs(places.step)
    if step == 1 or len(places) < 2:
        return x
    shape = x.static_shape
    before, after = shape[: axis + 1], shape[axis + 1 :]
    cells = b.reshape(x, (*before, 1, *after))
    cells = _padded(b, cells, [(0, step - 1) if i == axis + 1 else (0, 0) for i in range(len(shape) + 1)])
    x = b.reshape(cells, (*shape[:axis], len(places) * step, *after))
    last = [(len(places) - 1) * step + 1 if i == axis else -1 for i in range(len(shape))]
    return b.op("SLICE", [x, b.ints([0] * len(shape)), b.ints(last)])


def _strided_slice_version(op: Op) -> int:
    a = op.attrs
    assert isinstance(a, StridedSliceAttrs)
    if a.offset:
        return 8
    if a.ellipsis_mask or a.new_axis_mask:
        return 6
    return versions(int8=2, bool=3, uint32=7, large=(4, 4))(op)


register(
    OpDef(
        kind="SLICE",
        code=65,
        options="SliceOptions",
        infer=_infer_slice,
        compute=_compute_slice,
        gradient=single(_slice_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=4, uint32=6, int4=7, float16=8, large=(4, 5)),
        onnx="Slice",
    )
)
register(
    OpDef(
        kind="STRIDED_SLICE",
        code=45,
        options="StridedSliceOptions",
        attrs=StridedSliceAttrs,
        infer=_infer_strided_slice,
        compute=_compute_strided_slice,
        gradient=single(_strided_slice_gradient),
        quant=QuantRule(same_scale=True),
        version=_strided_slice_version,
    )
)
