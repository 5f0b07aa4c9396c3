"""Gradients of MAX_POOL_2D and AVERAGE_POOL_2D with respect to their input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..ir import DType, Op, Padding, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import CUSTOM, Array, OpDef, ShapeError, operand, register
from .pool_attrs import Pool2DAttrs, geometry
from .rules import Results, ints, present, ranked
from .window import output_extent, pad_before, windows


def _fits(op: Op, x: Sequence[int | None], dy: Sequence[int | None]) -> None:
    a = op.attrs
    assert isinstance(a, Pool2DAttrs)
    height = output_extent(x[1], a.filter_height, a.stride_h, 1, a.padding)
    width = output_extent(x[2], a.filter_width, a.stride_w, 1, a.padding)
    if any(None not in (d, e) and d != e for d, e in zip(dy, (x[0], height, width, x[3]), strict=True)):
        raise ShapeError(f"{op.kind} '{op.where}': gradient {tuple(dy)} does not fit input {tuple(x)}")


def _infer_max(op: Op) -> Results:
    x = ranked(op, 0, 4, "batch, height, width, channels")
    for index in (1, 2):
        _fits(op, x, ranked(op, index, 4, "batch, height, width, channels"))
    return [(x, operand(op, 2).dtype)]


def _infer_average(op: Op) -> Results:
    dy, shape = ranked(op, 0, 4, "batch, height, width, channels"), ints(op, 1)
    if shape is None:
        return [((dy[0], None, None, dy[3]), operand(op, 0).dtype)]
    if len(shape) != 4 or min(shape) < 1:
        raise ShapeError(f"{op.kind} '{op.where}': {shape} is no shape of an input")
    _fits(op, shape, dy)
    return [(shape, operand(op, 0).dtype)]


def _pads(a: Pool2DAttrs, size: Sequence[int]) -> list[tuple[int, int]]:
    sides = ((a.filter_height, a.stride_h), (a.filter_width, a.stride_w))
    return [pad_before(size[i], *sides[i], 1, a.padding) for i in (0, 1)]


def _taps(a: Pool2DAttrs, out: Sequence[int]) -> Iterator[tuple[int, tuple[slice, slice, slice]]]:
    """Number of each window position, and the index of the padded input values there."""
    for number, (i, j) in enumerate(np.ndindex(a.filter_height, a.filter_width)):
        rows = slice(i, i + (out[0] - 1) * a.stride_h + 1, a.stride_h)
        yield number, (slice(None), rows, slice(j, j + (out[1] - 1) * a.stride_w + 1, a.stride_w))


def _grown(a: Pool2DAttrs, shape: Sequence[int], dtype: np.dtype[np.generic]) -> tuple[Array, tuple[slice, ...]]:
    """Zeros of the padded input's shape, and where the input lies in them."""
    (top, bottom), (left, right) = _pads(a, shape[1:3])
    inside = (slice(None), slice(top, top + shape[1]), slice(left, left + shape[2]))
    return np.zeros((shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]), dtype), inside


def _compute_max(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, _, dy = present(arrays)
    a = op.attrs
    assert isinstance(a, Pool2DAttrs)
    kernel, stride = (a.filter_height, a.filter_width), (a.stride_h, a.stride_w)
    patches = windows(x, kernel, stride, (1, 1), a.padding, -np.inf)
    first = patches.reshape(*patches.shape[:3], -1, x.shape[3]).argmax(axis=3)
    dx, inside = _grown(a, x.shape, dy.dtype)
    for number, place in _taps(a, dy.shape[1:3]):
        dx[place] += dy * (first == number)
    return [dx[inside]]


def _compute_average(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    dy, shape = present(arrays)
    a = op.attrs
    assert isinstance(a, Pool2DAttrs)
    dims = shape.tolist()
    valid, inside = _grown(a, (1, *dims[1:3], 1), dy.dtype)
    valid[inside] = 1
    count = sum(valid[place] for _, place in _taps(a, dy.shape[1:3]))
    dx, inside = _grown(a, dims, dy.dtype)
    for _, place in _taps(a, dy.shape[1:3]):
        dx[place] += dy / count
    return [dx[inside]]


def _of_average(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
    return [b.op("AVERAGE_POOL_2D", [g], **geometry(op.attrs))]


def _of_max(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
    """Linear in the gradient: picks `g` where each window had its first maximum, one window position at a time.

    Piecewise constant in the input.
    """
    x, a = operand(op, 0), op.attrs
    assert isinstance(a, Pool2DAttrs)
    y = b.op("MAX_POOL_2D", [x], **geometry(a))
    size, out = x.static_shape, y.static_shape
    pads = [(0, 0), *_pads(a, size[1:3]), (0, 0)]
    if a.padding is Padding.SAME:
        paddings = b.constant(np.array(pads, np.int32))
        x = b.op("PADV2", [x, paddings, b.scalar(float(np.finfo(np.float32).min), x)])
        g = b.op("PAD", [g, paddings])
    picked: Tensor | None = None
    is_free = b.filled(1.0, y)  # windows whose maximum was not met yet
    for _, (_, rows, columns) in _taps(a, out[1:3]):
        begin, end = (0, rows.start, columns.start, 0), (out[0], rows.stop, columns.stop, out[3])
        spec = [b.ints(begin), b.ints(end), b.ints((1, a.stride_h, a.stride_w, 1))]
        seen = b.cast(b.compare("EQUAL", b.op("STRIDED_SLICE", [x, *spec]), y), DType.FLOAT32)
        taken = b.mul(seen, is_free)
        is_free = b.sub(is_free, taken)
        part = b.mul(b.op("STRIDED_SLICE", [g, *spec]), taken)
        picked = part if picked is None else b.add(picked, part)
    return [None, None, picked]


register(
    OpDef(
        kind="rillet.MAX_POOL_2D_GRADIENT",
        code=CUSTOM,
        options="Pool2DOptions",
        attrs=Pool2DAttrs,
        infer=_infer_max,
        compute=_compute_max,
        gradient=single(_of_max),
    )
)
register(
    OpDef(
        kind="rillet.AVERAGE_POOL_2D_GRADIENT",
        code=CUSTOM,
        options="Pool2DOptions",
        attrs=Pool2DAttrs,
        infer=_infer_average,
        compute=_compute_average,
        gradient=single(_of_average),
    )
)
