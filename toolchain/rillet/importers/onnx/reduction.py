"""Reductions over axes, given as an attribute or, in newer opsets, as an input; arguments of extrema; running sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...ir import DType, Tensor
from .emit import Emitter
from .node import Handler, Node, onnx_op, register

Step = Callable[[Emitter, Tensor], Tensor]


def _same(emit: Emitter, x: Tensor) -> Tensor:
    return x


def _square(emit: Emitter, x: Tensor) -> Tensor:
    return emit.binary("MUL", x, x)


def _abs(emit: Emitter, x: Tensor) -> Tensor:
    return emit.unary("ABS", x)


def _sqrt(emit: Emitter, x: Tensor) -> Tensor:
    if x.dtype.is_float:
        return emit.unary("SQRT", x)
    return emit.cast(emit.unary("SQRT", emit.cast(x, DType.FLOAT32)), x.dtype)


def _log(emit: Emitter, x: Tensor) -> Tensor:
    return emit.unary("LOG", x)


def _axes(node: Node, x: Tensor) -> list[int] | None:
    """The axes to reduce, counted from the front; None where the node is the identity."""
    given = node.ints(1, "axes")
    if given:
        return [a % len(x.shape) for a in given]
    return None if node.attribute("noop_with_empty_axes", 0) else list(range(len(x.shape)))


def _reduction(kind: str, before: Step, after: Step) -> Handler:
    def handler(node: Node, emit: Emitter) -> Tensor:
        x = node.need(0)
        axes = _axes(node, x)
        y = before(emit, x)
        if axes is None:
            return after(emit, y)
        keep = bool(node.attribute("keepdims", 1))
        if not axes:
            return after(emit, y)
        if y.dtype is DType.BOOL:
            kind_of_bool = {"REDUCE_MAX": "REDUCE_ANY", "REDUCE_MIN": "REDUCE_ALL"}
            return emit.reduce(kind_of_bool[kind], y, axes, keep)
        return after(emit, _sized(node, emit, kind, y, axes, keep))

    return handler


_NEUTRAL = {"SUM": 0.0, "REDUCE_PROD": 1.0, "REDUCE_MAX": -np.inf, "REDUCE_MIN": np.inf}


def _sized(node: Node, emit: Emitter, kind: str, x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """The reduction, or its neutral element where there is nothing to reduce."""
    if x.size:
        return emit.reduce(kind, x, axes, keep)
    if kind not in _NEUTRAL:
        raise node.error(f"its input {x.shape} is empty")
    shape = [1 if i in axes else d for i, d in enumerate(x.static_shape) if keep or i not in axes]
    neutral = _NEUTRAL[kind]
    if x.dtype.is_integer and np.isinf(neutral):
        neutral = x.dtype.limits[neutral > 0]
    return emit.constant(np.full(shape, neutral, x.dtype.numpy))


_SUMS: dict[str, tuple[str, Step, Step]] = {
    "ReduceSum": ("SUM", _same, _same),
    "ReduceMean": ("MEAN", _same, _same),
    "ReduceMax": ("REDUCE_MAX", _same, _same),
    "ReduceMin": ("REDUCE_MIN", _same, _same),
    "ReduceProd": ("REDUCE_PROD", _same, _same),
    "ReduceL1": ("SUM", _abs, _same),
    "ReduceL2": ("SUM", _square, _sqrt),
    "ReduceSumSquare": ("SUM", _square, _same),
    "ReduceLogSum": ("SUM", _same, _log),
}
for _name, _steps in _SUMS.items():
    register(_name, _reduction(*_steps))


@onnx_op("ReduceLogSumExp")
def _log_sum_exp(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    axes = _axes(node, x)
    if axes is None:
        return x
    keep = bool(node.attribute("keepdims", 1))
    if not x.size:
        return emit.unary("LOG", _sized(node, emit, "SUM", x, axes, keep))
    # Taken relative to the maximum, so that exp cannot overflow.
    top = emit.reduce("REDUCE_MAX", x, axes)
    total = emit.reduce("SUM", emit.unary("EXP", emit.binary("SUB", x, top)), axes)
    y = emit.binary("ADD", emit.unary("LOG", total), top)
    return y if keep else emit.reshape(y, [d for i, d in enumerate(x.static_shape) if i not in axes])


def _extremum(kind: str) -> Handler:
    def handler(node: Node, emit: Emitter) -> Tensor:
        x = node.need(0)
        shape = x.static_shape
        axis = node.attribute("axis", 0) % len(shape)
        if node.attribute("select_last_index", 0):
            # The last of equals is the first from behind.
            behind = emit.gather(x, np.arange(shape[axis])[::-1], axis)
            found = _index(emit, kind, behind, axis)
            y = emit.binary("SUB", emit.like(shape[axis] - 1, found), found)
        else:
            y = _index(emit, kind, x, axis)
        kept = [1 if i == axis else d for i, d in enumerate(shape)]
        return emit.reshape(y, kept) if node.attribute("keepdims", 1) else y

    return handler


def _index(emit: Emitter, kind: str, x: Tensor, axis: int) -> Tensor:
    return emit.op(kind, [x, emit.constant(np.array(axis, np.int32))], output_type=DType.INT64)


register("ArgMax", _extremum("ARG_MAX"))
register("ArgMin", _extremum("ARG_MIN"))


@onnx_op("CumSum", since=11)
def _cumsum(node: Node, emit: Emitter) -> Tensor:
    axis = emit.constant(np.array(int(node.constant(1, "axis").reshape(())), np.int32))
    return emit.op(
        "CUMSUM",
        [node.need(0), axis],
        exclusive=bool(node.attribute("exclusive", 0)),
        reverse=bool(node.attribute("reverse", 0)),
    )


@onnx_op("TopK", since=10, notes="largest, sorted, over float or int32")
def _top_k(node: Node, emit: Emitter) -> list[Tensor]:
    x, count = node.need(0), int(node.constant(1, "k").reshape(()))
    rank = len(x.shape)
    axis = node.attribute("axis", -1) % rank
    smallest = not node.attribute("largest", 1)
    if smallest and not (x.dtype.is_float or x.dtype.limits[0] < 0):
        raise node.error(f"the smallest of {x.dtype.name} values is not supported")
    perm = [i for i in range(rank) if i != axis] + [axis]
    y = emit.transpose(emit.unary("NEG", x) if smallest else x, perm)
    found, where = emit.ops("TOPK_V2", [y, emit.constant(np.array(count, np.int32))])
    back = [perm.index(i) for i in range(rank)]
    found = emit.transpose(found, back)
    return [emit.unary("NEG", found) if smallest else found, emit.cast(emit.transpose(where, back), DType.INT64)]
