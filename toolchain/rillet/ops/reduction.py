"""Reductions over constant axes: MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ANY, REDUCE_ALL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, GradientRule, NotDifferentiable, OpDef, QuantRule, operand, register
from .rules import Results, first_version, ints, present, required_ints, resolve_axis, versions


@dataclass
class ReducerAttrs(Attrs):
    keep_dims: bool = False


def _infer(op: Op) -> Results:
    x = operand(op, 0)
    assert isinstance(op.attrs, ReducerAttrs)
    if op.attrs.keep_dims and ints(op, 1) is None:
        return [((None,) * len(x.shape), x.dtype)]
    axes = {resolve_axis(op, a, len(x.shape)) for a in required_ints(op, 1, "the axes")} if x.shape else set()
    if op.attrs.keep_dims:
        return [(tuple(1 if i in axes else d for i, d in enumerate(x.shape)), x.dtype)]
    return [(tuple(d for i, d in enumerate(x.shape) if i not in axes), x.dtype)]


def _computing(
    function: Callable[[Array, tuple[int, ...], bool], Array],
) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        x, axes = present(arrays)
        assert isinstance(op.attrs, ReducerAttrs)
        wanted = {resolve_axis(op, int(a), x.ndim) for a in axes.reshape(-1)} if x.ndim else set()
        return [np.asarray(function(x, tuple(sorted(wanted)), op.attrs.keep_dims)).astype(x.dtype, copy=False)]

    return compute


def _mean(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Array:
    if x.dtype.kind == "f":
        return np.asarray(np.mean(x, axis=axes, keepdims=keep_dims))
    count = max(1, int(np.prod([x.shape[a] for a in axes], dtype=np.int64)))
    total = np.sum(x, axis=axes, keepdims=keep_dims, dtype=np.int64)
    return np.asarray(np.trunc(total / count))  # integers divide as in C


def _numpy(function: Callable[..., Array]) -> Callable[[Array, tuple[int, ...], bool], Array]:
    return lambda x, axes, keep_dims: function(x, axis=axes, keepdims=keep_dims)


def _axes(op: Op) -> list[int]:
    rank = len(operand(op, 0).shape)
    return sorted({resolve_axis(op, a, rank) for a in required_ints(op, 1, "the axes")}) if rank else []


def _expanded(b: GradientBuilder, op: Op, value: Tensor) -> Tensor:
    """A result, or its gradient, with the reduced axes back, as 1."""
    axes, shape = _axes(op), operand(op, 0).shape
    return b.reshape(value, tuple(1 if i in axes else d for i, d in enumerate(shape)))


def _sum_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.broadcast_to(_expanded(b, op, dy), operand(op, 0))]


def _mean_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    x = operand(op, 0)
    return [b.broadcast_to(b.div(_expanded(b, op, dy), b.count(x, _axes(op))), x)]


def _extreme_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Equal extremes share it, as in TensorFlow."""
    x = operand(op, 0)
    is_extreme = b.cast(b.compare("EQUAL", x, _expanded(b, op, op.outputs[0])), DType.FLOAT32)
    share = b.div(_expanded(b, op, dy), b.sum(is_extreme, _axes(op), keep_dims=True))
    return [b.mul(is_extreme, share)]


def _prod_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Each element's factor is the product of the others: of those before it times of those after it.

    Running products along the flattened reduced axes, so that a zero does no harm.
    """
    x = operand(op, 0)
    axes, shape = _axes(op), x.static_shape
    kept = [i for i in range(len(shape)) if i not in axes]
    order = [*kept, *axes]
    moved = b.transpose(x, order) if order != sorted(order) else x
    rows, size = math.prod(shape[i] for i in kept), math.prod(shape[i] for i in axes)
    cells = b.reshape(moved, (rows, size))
    before = _running_products(b, cells, rows, size)
    flipped = b.op("REVERSE_V2", [cells, b.ints((1,))])
    after = b.op("REVERSE_V2", [_running_products(b, flipped, rows, size), b.ints((1,))])
    others = b.reshape(b.mul(before, after), tuple(shape[i] for i in order))
    back = sorted(range(len(order)), key=order.__getitem__)
    factor = b.transpose(others, back) if order != sorted(order) else others
    return [b.mul(_expanded(b, op, dy), factor)]


def _running_products(b: GradientBuilder, cells: Tensor, rows: int, size: int) -> Tensor:
    """Products of the elements before each one along the rows, by doubling the reach of each product."""
    total, reach = b.op("PADV2", [cells, b.constant([[0, 0], [1, 0]]), b.scalar(1.0, cells)]), 1
    total = b.op("SLICE", [total, b.ints((0, 0)), b.ints((rows, size))])
    while reach < size:
        head = b.op("SLICE", [total, b.ints((0, 0)), b.ints((rows, size - reach))])
        padded = b.op("PADV2", [head, b.constant([[0, 0], [reach, 0]]), b.scalar(1.0, cells)])
        total, reach = b.mul(total, padded), 2 * reach
    return total


def _define(
    kind: str,
    code: int,
    function: Callable[[Array, tuple[int, ...], bool], Array],
    gradient: GradientRule | NotDifferentiable,
    quant: QuantRule | None,
    version: Callable[[Op], int],
    onnx: str = "",
) -> None:
    register(
        OpDef(
            kind=kind,
            code=code,
            options="ReducerOptions",
            attrs=ReducerAttrs,
            infer=_infer,
            compute=_computing(function),
            gradient=gradient,
            quant=quant,
            version=version,
            onnx=onnx,
        )
    )


_LOGIC = NotDifferentiable("its result is a truth value")
_define("MEAN", 40, _mean, single(_mean_gradient), QuantRule(), versions(int8=2, int16=3), "ReduceMean")
_define("SUM", 74, _numpy(np.sum), single(_sum_gradient), QuantRule(), versions(int8=2), "ReduceSum")
_define(
    "REDUCE_MAX",
    82,
    _numpy(np.max),
    single(_extreme_gradient),
    QuantRule(same_scale=True),
    versions(int8=2, int16=3),
    "ReduceMax",
)
_define(
    "REDUCE_MIN",
    89,
    _numpy(np.min),
    single(_extreme_gradient),
    QuantRule(same_scale=True),
    versions(int8=2, int16=3),
    "ReduceMin",
)
_define("REDUCE_PROD", 81, _numpy(np.prod), single(_prod_gradient), None, versions(int8=2, int16=2), "ReduceProd")
_define("REDUCE_ANY", 91, _numpy(np.any), _LOGIC, None, first_version)
_define("REDUCE_ALL", 140, _numpy(np.all), _LOGIC, None, first_version)
