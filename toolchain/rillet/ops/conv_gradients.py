"""Gradients of CONV_2D and DEPTHWISE_CONV_2D with respect to input and filters, and the rules that use them.

Options are those of the forward operator without its activation. Sizes that cannot be told from the operands (stride
and padding lose them) come as a constant shape operand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir import Activation, Attrs, Op, Shape, Tensor
from .conv_attrs import Conv2DAttrs, DepthwiseConv2DAttrs
from .gradient import GradientBuilder, Gradients, single
from .opdef import CUSTOM, Array, GradientRule, OpDef, ShapeError, operand, register
from .rules import Results, ints, present, ranked
from .window import output_extent, pad_before

ConvAttrs = Conv2DAttrs | DepthwiseConv2DAttrs


def _attrs(op: Op) -> ConvAttrs:
    assert isinstance(op.attrs, (Conv2DAttrs, DepthwiseConv2DAttrs))
    return op.attrs


def _infer(op: Op) -> Results:
    """The shape that the last operand holds."""
    first, dy = ranked(op, 0, 4, "four dimensions"), ranked(op, 1, 4, "batch, height, width, channels")
    shape = ints(op, 2)
    if shape is None:
        return [((None,) * 4, operand(op, 1).dtype)]
    if len(shape) != 4 or min(shape) < 1:
        raise ShapeError(
            f"{op.kind} '{op.where}': {shape} is no shape of {'filters' if _is_filter(op) else 'an input'}"
        )
    x, w = (first, shape) if _is_filter(op) else (shape, first)
    _check(op, x, w, dy)
    return [(shape, operand(op, 1).dtype)]


def _is_filter(op: Op) -> bool:
    return op.kind.endswith("_FILTER_GRADIENT")


def _check(op: Op, x: Shape, w: Shape, dy: Shape) -> None:
    """`dy` must be what `x` under filters `w` gives."""
    a = _attrs(op)
    first, height, width, last = w
    if first is None or height is None or width is None or last is None:
        return
    is_depthwise = isinstance(a, DepthwiseConv2DAttrs)
    wanted = (
        x[0],
        output_extent(x[1], height, a.stride_h, a.dilation_h_factor, a.padding),
        output_extent(x[2], width, a.stride_w, a.dilation_w_factor, a.padding),
        last if is_depthwise else first,
    )
    fits = x[3] is None or _channels_fit(x[3], first, last, is_depthwise)
    if not fits or any(None not in (d, e) and d != e for d, e in zip(dy, wanted, strict=True)):
        raise ShapeError(f"{op.kind} '{op.where}': gradient {dy} does not fit input {x} and filters {w}")


def _channels_fit(channels: int, first: int, last: int, is_depthwise: bool) -> bool:
    """Filters are (1, h, w, out), or (out, h, w, in) where `in` divides the input's channels into groups."""
    if not channels or not last:
        return False
    if is_depthwise:
        return first == 1 and last % channels == 0
    return channels % last == 0 and first % (channels // last) == 0


def _pads(a: ConvAttrs, size: Sequence[int], kernel: Sequence[int]) -> list[tuple[int, int]]:
    steps = ((a.stride_h, a.dilation_h_factor), (a.stride_w, a.dilation_w_factor))
    return [pad_before(size[i], kernel[i], *steps[i], a.padding) for i in (0, 1)]


def _taps(a: ConvAttrs, kernel: Sequence[int], out: Sequence[int]) -> Iterator[tuple[int, int, slice, slice]]:
    """For each filter position the rows and columns of the padded input that it meets."""
    for i, j in np.ndindex(*kernel):
        top, left = i * a.dilation_h_factor, j * a.dilation_w_factor
        rows = slice(top, top + (out[0] - 1) * a.stride_h + 1, a.stride_h)
        columns = slice(left, left + (out[1] - 1) * a.stride_w + 1, a.stride_w)
        yield i, j, rows, columns


def _spread(op: Op, kernel: Sequence[int], dy: Array, shape: Sequence[int], part: Callable[[int, int], Array]) -> Array:
    """The input's gradient: what each filter position gives back, added where it was read."""
    a = _attrs(op)
    pads = _pads(a, shape[1:3], kernel)
    reach = [size + sum(pad) for size, pad in zip(shape[1:3], pads, strict=True)]
    dx = np.zeros((shape[0], *reach, shape[3]), dy.dtype)
    for i, j, rows, columns in _taps(a, kernel, dy.shape[1:3]):
        dx[:, rows, columns] += part(i, j)
    top, left = pads[0][0], pads[1][0]
    return dx[:, top : top + shape[1], left : left + shape[2]]


def _collect(op: Op, x: Array, kernel: Sequence[int], dy: Array, dw: Array, part: Callable[[Array], Array]) -> Array:
    """The filter's gradient, position by position, from the input values that it met."""
    a = _attrs(op)
    x = np.pad(x, [(0, 0), *_pads(a, x.shape[1:3], kernel), (0, 0)])
    for i, j, rows, columns in _taps(a, kernel, dy.shape[1:3]):
        dw[:, i, j] = part(x[:, rows, columns])
    return dw


def _conv_input(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    w, dy, shape = present(arrays)
    dims = shape.tolist()
    channels = dims[3]
    groups = channels // w.shape[3]
    filters = w.reshape(groups, -1, *w.shape[1:])
    parts = dy.reshape(*dy.shape[:3], groups, -1)

    def part(i: int, j: int) -> Array:
        spread = np.einsum("nhwgo,goc->nhwgc", parts, filters[:, :, i, j], optimize=True)
        return np.asarray(spread.reshape(*dy.shape[:3], channels))

    return [_spread(op, w.shape[1:3], dy, dims, part)]


def _conv_filter(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, dy, shape = present(arrays)
    out, kh, kw, depth = dims = shape.tolist()
    groups = x.shape[3] // depth
    parts = dy.reshape(*dy.shape[:3], groups, -1)

    def part(seen: Array) -> Array:
        cells = seen.reshape(*seen.shape[:3], groups, depth)
        return np.asarray(np.einsum("nhwgo,nhwgc->goc", parts, cells, optimize=True).reshape(out, depth))

    return [_collect(op, x, (kh, kw), dy, np.zeros(dims, dy.dtype), part)]


def _depthwise_input(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    w, dy, shape = present(arrays)
    dims = shape.tolist()

    def part(i: int, j: int) -> Array:
        return np.asarray((dy * w[0, i, j]).reshape(*dy.shape[:3], dims[3], -1).sum(axis=-1))

    return [_spread(op, w.shape[1:3], dy, dims, part)]


def _depthwise_filter(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, dy, shape = present(arrays)
    dims = shape.tolist()
    parts = dy.reshape(*dy.shape[:3], x.shape[3], -1)

    def part(seen: Array) -> Array:
        return np.asarray((seen[..., None] * parts).sum(axis=(0, 1, 2)).reshape(1, -1))

    return [_collect(op, x, dims[1:3], dy, np.zeros(dims, dy.dtype), part)]


def _macs(op: Op) -> int:
    """As many as the forward operator: every filter position meets every output once."""
    w = op.outputs[0] if _is_filter(op) else operand(op, 0)
    per_output = w.static_shape[1] * w.static_shape[2] * (w.static_shape[3] if isinstance(op.attrs, Conv2DAttrs) else 1)
    return operand(op, 1).size * per_output


def _plain(attrs: Attrs) -> dict[str, Any]:
    """The forward operator's geometry."""
    return {**vars(replace(attrs, fused_activation_function=Activation.NONE))}  # type: ignore[call-arg]


def convolution_gradient(prefix: str) -> GradientRule:
    """The rule of CONV_2D or DEPTHWISE_CONV_2D (`prefix`)."""

    def rule(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
        x, w, *bias = op.inputs
        assert x is not None and w is not None
        geometry = _plain(op.attrs)
        # The input's gradient comes last: its memory may be that of the input, which no one reads any more.
        db = b.sum(dy, (0, 1, 2)) if bias and bias[0] is not None else None
        dw = b.op(f"rillet.{prefix}_FILTER_GRADIENT", [x, dy, b.shape(w)], **geometry)
        dx = b.op(f"rillet.{prefix}_INPUT_GRADIENT", [w, dy, b.shape(x)], **geometry)
        return [b.shaped(dx, x.shape), dw, db]

    return single(rule)


def _of_input_gradient(prefix: str) -> GradientRule:
    """Linear in filters and gradient: its own gradients are the filter gradient and the convolution itself."""

    def rule(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
        w, dy = operand(op, 0), operand(op, 1)
        geometry = _plain(op.attrs)
        dw = b.op(f"rillet.{prefix}_FILTER_GRADIENT", [g, dy, b.shape(w)], **geometry)
        return [dw, b.op(prefix, [g, w], **geometry)]

    return single(rule)


def _of_filter_gradient(prefix: str) -> GradientRule:
    """Linear in input and gradient."""

    def rule(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
        x, dy = operand(op, 0), operand(op, 1)
        geometry = _plain(op.attrs)
        dx = b.op(f"rillet.{prefix}_INPUT_GRADIENT", [g, dy, b.shape(x)], **geometry)
        return [b.shaped(dx, x.shape), b.op(prefix, [x, g], **geometry)]

    return single(rule)


def _define(
    prefix: str,
    side: str,
    attrs: type[Attrs],
    options: str,
    compute: Callable[[Op, Sequence[Array | None]], list[Array]],
    gradient: GradientRule,
) -> None:
    register(
        OpDef(
            kind=f"rillet.{prefix}_{side}_GRADIENT",
            code=CUSTOM,
            options=options,
            attrs=attrs,
            infer=_infer,
            compute=compute,
            macs=_macs,
            gradient=gradient,
        )
    )


for _prefix, _record, _table, _input, _filter in (
    ("CONV_2D", Conv2DAttrs, "Conv2DOptions", _conv_input, _conv_filter),
    ("DEPTHWISE_CONV_2D", DepthwiseConv2DAttrs, "DepthwiseConv2DOptions", _depthwise_input, _depthwise_filter),
):
    _define(_prefix, "INPUT", _record, _table, _input, _of_input_gradient(_prefix))
    _define(_prefix, "FILTER", _record, _table, _filter, _of_filter_gradient(_prefix))
