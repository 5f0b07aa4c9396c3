"""SPLIT (equal parts), SPLIT_V (named sizes) and UNPACK (one part for each index)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op
from .gradient import GradientBuilder, Gradients
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, one_int, present, required_ints, resolve_axis, versions

MAX_PARTS = 1 << 16  # no real model comes near; keeps a malformed one from asking for all memory


@dataclass
class SplitAttrs(Attrs):
    num_splits: int = 0


@dataclass
class UnpackAttrs(Attrs):
    num: int = 0
    axis: int = 0


def _count(op: Op) -> int:
    assert isinstance(op.attrs, SplitAttrs)
    return _checked(op, op.attrs.num_splits)


def _checked(op: Op, count: int) -> int:
    """`count` parts, a number that the file or the caller gives."""
    if not 1 <= count <= MAX_PARTS:
        raise ShapeError(f"{op.kind} '{op.where}': cannot make {count} parts")
    return count


def _infer_split(op: Op) -> Results:
    wanted, x, count = one_int(op, 0), operand(op, 1), _count(op)
    if wanted is None:
        return [((None,) * len(x.shape), x.dtype)] * count
    axis = resolve_axis(op, wanted, len(x.shape))
    size = x.shape[axis]
    if size is not None and size % count:
        raise ShapeError(f"SPLIT '{op.where}': dimension {axis} of {x.shape} does not divide into {count} parts")
    part = None if size is None else size // count
    return [((*x.shape[:axis], part, *x.shape[axis + 1 :]), x.dtype)] * count


def _compute_split(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    axis, x = present(arrays)
    return np.split(x, _count(op), axis=int(axis.reshape(-1)[0]))


def _sizes(sizes: Sequence[int], total: int | None) -> list[int | None]:
    """Split sizes with the one that is -1 resolved."""
    if total is None:
        return [None if s == -1 else s for s in sizes]
    rest = total - sum(s for s in sizes if s != -1)
    return [rest if s == -1 else s for s in sizes]


def _infer_split_v(op: Op) -> Results:
    x, sizes, wanted, count = operand(op, 0), ints(op, 1), one_int(op, 2), _count(op)
    if wanted is None:
        return [((None,) * len(x.shape), x.dtype)] * count
    axis = resolve_axis(op, wanted, len(x.shape))
    total = x.shape[axis]
    parts = [None] * count if sizes is None else _sizes(sizes, total)
    known = [p for p in parts if p is not None]
    fits = total is None or sizes is None or sum(known) == total
    if len(parts) != count or (sizes or ()).count(-1) > 1 or any(p < 0 for p in known) or not fits:
        raise ShapeError(f"SPLIT_V '{op.where}': sizes {sizes} do not cut dimension {axis} of {x.shape} in {count}")
    return [((*x.shape[:axis], part, *x.shape[axis + 1 :]), x.dtype) for part in parts]


def _compute_split_v(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, sizes, axis = present(arrays)
    along = int(axis.reshape(-1)[0])
    parts = [p for p in _sizes(sizes.reshape(-1).tolist(), x.shape[along]) if p is not None]
    return np.split(x, np.cumsum(parts)[:-1].tolist(), axis=along)


def _infer_unpack(op: Op) -> Results:
    x = operand(op, 0)
    assert isinstance(op.attrs, UnpackAttrs)
    axis = resolve_axis(op, op.attrs.axis, len(x.shape))
    if x.shape[axis] not in (op.attrs.num, None):
        raise ShapeError(f"UNPACK '{op.where}': num is {op.attrs.num}, dimension {axis} of {x.shape} is not")
    return [((*x.shape[:axis], *x.shape[axis + 1 :]), x.dtype)] * _checked(op, op.attrs.num)


def _compute_unpack(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert isinstance(op.attrs, UnpackAttrs)
    return list(np.moveaxis(present(arrays)[0], op.attrs.axis, 0))


def _joined(b: GradientBuilder, op: Op, dys: Gradients, index: int) -> Gradients:
    """The parts' gradients side by side; `index` is the input with the axis."""
    axis = required_ints(op, index, "the axis")[0]
    parts = [b.or_zeros(dy, part) for dy, part in zip(dys, op.outputs, strict=True)]
    return [b.op("CONCATENATION", parts, axis=axis)]


def _split_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    return [None, *_joined(b, op, dys, 0)]


def _split_v_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    return _joined(b, op, dys, 2)


def _unpack_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    assert isinstance(op.attrs, UnpackAttrs)
    parts = [b.or_zeros(dy, part) for dy, part in zip(dys, op.outputs, strict=True)]
    return [b.op("PACK", parts, values_count=len(parts), axis=op.attrs.axis)]


def _split_version(op: Op) -> int:
    return {DType.INT8: 2, DType.INT32: 3, DType.INT16: 4}.get(operand(op, 1).dtype, 1)


register(
    OpDef(
        kind="SPLIT",
        code=49,
        options="SplitOptions",
        attrs=SplitAttrs,
        infer=_infer_split,
        compute=_compute_split,
        gradient=_split_gradient,
        quant=QuantRule(same_scale=True),
        version=_split_version,
    )
)
register(
    OpDef(
        kind="SPLIT_V",
        code=102,
        options="SplitVOptions",
        attrs=SplitAttrs,
        infer=_infer_split_v,
        compute=_compute_split_v,
        gradient=_split_v_gradient,
        quant=QuantRule(same_scale=True),
        version=versions(int8=2),
        onnx="Split",
    )
)
register(
    OpDef(
        kind="UNPACK",
        code=88,
        options="UnpackOptions",
        attrs=UnpackAttrs,
        infer=_infer_unpack,
        compute=_compute_unpack,
        gradient=_unpack_gradient,
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, uint8=2, bool=3, int16=4, float16=5, bfloat16=5),
    )
)
