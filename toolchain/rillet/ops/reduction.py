"""Reductions over constant axes: MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ANY, REDUCE_ALL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op
from .opdef import Array, OpDef, QuantRule, operand, register
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


def _define(
    kind: str,
    code: int,
    function: Callable[[Array, tuple[int, ...], bool], Array],
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
            quant=quant,
            version=version,
            onnx=onnx,
        )
    )


_define("MEAN", 40, _mean, QuantRule(), versions(int8=2, int16=3), "ReduceMean")
_define("SUM", 74, _numpy(np.sum), QuantRule(), versions(int8=2), "ReduceSum")
_define("REDUCE_MAX", 82, _numpy(np.max), QuantRule(same_scale=True), versions(int8=2, int16=3), "ReduceMax")
_define("REDUCE_MIN", 89, _numpy(np.min), QuantRule(same_scale=True), versions(int8=2, int16=3), "ReduceMin")
_define("REDUCE_PROD", 81, _numpy(np.prod), None, versions(int8=2, int16=2), "ReduceProd")
_define("REDUCE_ANY", 91, _numpy(np.any), None, first_version)
_define("REDUCE_ALL", 140, _numpy(np.all), None, first_version)
