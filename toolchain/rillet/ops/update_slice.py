"""DYNAMIC_UPDATE_SLICE: a tensor with a block of it replaced; in place where the tensor dies there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, present, required_ints, versions


def _infer(op: Op) -> Results:
    x, update, start = operand(op, 0), operand(op, 1), operand(op, 2)
    pairs = list(zip(x.shape, update.shape, strict=False))
    fits = len(update.shape) == len(x.shape) and all(None in pair or pair[1] <= pair[0] for pair in pairs)  # type: ignore[operator]
    if not fits or (len(start.shape) == 1 and start.shape[0] not in (None, len(x.shape))):
        raise ShapeError(
            f"DYNAMIC_UPDATE_SLICE '{op.where}': update {update.shape} at {start.shape} does not fit {x.shape}"
        )
    return [(x.shape, x.dtype)]


def _clamped(start: Sequence[int], shape: Sequence[int], size: Sequence[int]) -> list[int]:
    """Where the block really goes: inside the tensor (ClampStartIndices in tflite/kernels/dynamic_update_slice.cc)."""
    return [min(max(0, int(s)), total - count) for s, total, count in zip(start, shape, size, strict=True)]


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, update, start = present(arrays)
    y = x.copy()
    at = _clamped(start.reshape(-1).tolist(), x.shape, update.shape)
    y[tuple(slice(s, s + n) for s, n in zip(at, update.shape, strict=True))] = update
    return [y]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """The block's is the block of `dy`; the tensor's is `dy` with zeros there."""
    shape, size = operand(op, 0).static_shape, operand(op, 1).static_shape
    start = _clamped(required_ints(op, 2, "the start"), shape, size)
    zeros = b.constant(np.zeros(size, dy.dtype.numpy))
    return [
        b.op("DYNAMIC_UPDATE_SLICE", [dy, zeros, b.ints(start)]),
        b.op("SLICE", [dy, b.ints(start), b.ints(size)]),
    ]


def _version(op: Op) -> int:
    wide = operand(op, 2).dtype.bits == 64
    return max(2 if wide else 1, versions(float16=3, int16=4, int4=5)(op))


register(
    OpDef(
        kind="DYNAMIC_UPDATE_SLICE",
        code=151,
        options="DynamicUpdateSliceOptions",
        infer=_infer,
        compute=_compute,
        gradient=single(_gradient),
        quant=QuantRule(same_scale=True),
        version=_version,
    )
)
