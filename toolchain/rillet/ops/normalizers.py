"""BATCH_NORMALIZATION over all axes but the last, LAYER_NORMALIZATION over the last, and their gradients, for training.

Both give the statistics that they used (the variance is biased), which their gradients read instead of computing again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import Op, Shape, Tensor
from .backpropagation import backpropagate
from .gradient import GradientBuilder, Gradients
from .opdef import CUSTOM, Array, OpDef, ShapeError, operand, register
from .rules import Results, present

Axes = Callable[[int], tuple[int, ...]]  # which axes are averaged, from the rank


def _all_but_last(rank: int) -> tuple[int, ...]:
    return tuple(range(rank - 1))


def _last(rank: int) -> tuple[int, ...]:
    return (rank - 1,)


def _statistics_shape(x: Shape, axes: Axes) -> Shape:
    gone = axes(len(x))
    return tuple(d for i, d in enumerate(x) if i not in gone)


def _agree(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and all(None in pair or pair[0] == pair[1] for pair in zip(a, b, strict=True))


def _check(op: Op, index: int, wanted: Shape) -> None:
    shape = operand(op, index).shape
    if not _agree(shape, wanted):
        raise ShapeError(f"{op.kind} '{op.where}': input {index} is {shape}, not {wanted}")


def _infer(axes: Axes) -> Callable[[Op], Results]:
    def infer(op: Op) -> Results:
        x = operand(op, 0)
        if len(x.shape) < 2:
            raise ShapeError(f"{op.kind} '{op.where}': input {x.shape} has fewer than two dimensions")
        for index, wanted in ((1, x.shape[-1:]), (2, x.shape[-1:]), (3, ())):
            _check(op, index, wanted)
        statistics = _statistics_shape(x.shape, axes)
        return [(x.shape, x.dtype), (statistics, x.dtype), (statistics, x.dtype)]

    return infer


def _infer_gradient(axes: Axes) -> Callable[[Op], Results]:
    def infer(op: Op) -> Results:
        x = operand(op, 0)
        if len(x.shape) < 2:
            raise ShapeError(f"{op.kind} '{op.where}': input {x.shape} has fewer than two dimensions")
        statistics = _statistics_shape(x.shape, axes)
        for index, wanted in enumerate((x.shape[-1:], statistics, statistics, (), x.shape), start=1):
            _check(op, index, wanted)
        channels = (x.shape[-1:], x.dtype)
        return [(x.shape, x.dtype), channels, channels]

    return infer


def _computing(axes: Axes) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        x, gamma, beta, epsilon = present(arrays)
        along = axes(x.ndim)
        mean = x.mean(axis=along, keepdims=True)
        variance = np.square(x - mean).mean(axis=along, keepdims=True)
        y = (x - mean) / np.sqrt(variance + epsilon) * gamma + beta
        return [y, mean.squeeze(along), variance.squeeze(along)]

    return compute


def _computing_gradient(axes: Axes) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        x, gamma, mean, variance, epsilon, dy = present(arrays)
        along = axes(x.ndim)
        scale = 1 / np.sqrt(np.expand_dims(variance, along) + epsilon)
        normal = (x - np.expand_dims(mean, along)) * scale
        others = _all_but_last(x.ndim)
        g = dy * gamma
        centered = g - g.mean(axis=along, keepdims=True) - normal * (g * normal).mean(axis=along, keepdims=True)
        return [centered * scale, (dy * normal).sum(axis=others), dy.sum(axis=others)]

    return compute


def _mean(b: GradientBuilder, x: Tensor, axes: Sequence[int]) -> Tensor:
    return b.op("MEAN", [x, b.ints(axes)], keep_dims=True)


def _expanded(b: GradientBuilder, statistic: Tensor, x: Tensor, axes: Sequence[int]) -> Tensor:
    """A statistic with the averaged axes of `x` back, as 1."""
    return b.reshape(statistic, tuple(1 if i in axes else d for i, d in enumerate(x.shape)))


def _rule(kind: str, axes: Axes) -> Callable[[GradientBuilder, Op, Gradients], Gradients]:
    def gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
        x, gamma, epsilon = operand(op, 0), operand(op, 1), operand(op, 3)
        _, mean, variance = op.outputs
        along = axes(len(x.shape))
        dy = b.or_zeros(dys[0], x)
        dx, dgamma, dbeta = b.ops(f"rillet.{kind}_GRADIENT", [x, gamma, mean, variance, epsilon, dy])
        if dys[1] is None and dys[2] is None:
            return [dx, dgamma, dbeta]
        size = b.count(x, along)
        if dys[1] is not None:
            dx = b.add(dx, b.div(_expanded(b, dys[1], x, along), size))
        if dys[2] is not None:
            offset = b.mul(b.sub(x, _expanded(b, mean, x, along)), 2.0)
            dx = b.add(dx, b.mul(offset, b.div(_expanded(b, dys[2], x, along), size)))
        return [dx, dgamma, dbeta]

    return gradient


def _rule_of_gradient(axes: Axes) -> Callable[[GradientBuilder, Op, Gradients], Gradients]:
    """The operator written out in elementary ones, and the gradient through those."""

    def gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
        x, gamma, mean, variance, epsilon, dy = inputs = [operand(op, i) for i in range(6)]
        along, others = axes(len(x.shape)), _all_but_last(len(x.shape))
        first = len(b.graph.ops)
        scale = b.op("RSQRT", [b.add(_expanded(b, variance, x, along), epsilon)])
        normal = b.mul(b.sub(x, _expanded(b, mean, x, along)), scale)
        g = b.mul(dy, gamma)
        centered = b.sub(b.sub(g, _mean(b, g, along)), b.mul(normal, _mean(b, b.mul(g, normal), along)))
        results = [b.mul(centered, scale), b.sum(b.mul(dy, normal), others), b.sum(dy, others)]
        found = backpropagate(b, b.graph.ops[first:], results, dys, inputs)
        return [None if t in inputs[:i] else g for i, (t, g) in enumerate(zip(inputs, found, strict=True))]

    return gradient


for _kind, _axes in (("BATCH_NORMALIZATION", _all_but_last), ("LAYER_NORMALIZATION", _last)):
    register(
        OpDef(
            kind=f"rillet.{_kind}",
            code=CUSTOM,
            infer=_infer(_axes),
            compute=_computing(_axes),
            gradient=_rule(_kind, _axes),
        )
    )
    register(
        OpDef(
            kind=f"rillet.{_kind}_GRADIENT",
            code=CUSTOM,
            infer=_infer_gradient(_axes),
            compute=_computing_gradient(_axes),
            gradient=_rule_of_gradient(_axes),
        )
    )
