"""FAKE_QUANT: values rounded as quantization would, and still float. For training that knows of it.

`rillet.FAKE_QUANT` takes its ranges as operands, which training observes or learns: one for all values, or one per
channel (shapes that broadcast, as (8, 1, 1, 1) for the filters of a convolution).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op, Shape, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import CUSTOM, Array, OpDef, ShapeError, operand, register
from .rules import Results, present


@dataclass
class FakeQuantAttrs(Attrs):
    """`narrow_range`: the lowest step is not used, so that weights are symmetric (LiteRT does not run it).

    `min` and `max` are FAKE_QUANT's alone.
    """

    min: float = 0.0
    max: float = 0.0
    num_bits: int = 0
    narrow_range: bool = False


def nudged_range(attrs: Attrs, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """(smallest, largest, step) of the values, moved so that zero is one of them, as LiteRT moves them.

    An empty range, as before anything was observed, has a step of 0 and no ends. Source of the formula:
    NudgeQuantizationRange in LiteRT's quantization_util.cc. In the type of the values, as there.
    """
    assert isinstance(attrs, FakeQuantAttrs)
    first, last = low.dtype.type(attrs.narrow_range), low.dtype.type(2**attrs.num_bits - 1)
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    step = (high - low) / (last - first)
    divisor = np.where(step > 0, step, np.ones_like(step))
    zero = np.clip(np.floor(first - low / divisor + low.dtype.type(0.5)), first, last)
    is_empty, most = step == 0, np.finfo(low.dtype).max
    return np.where(is_empty, -most, (first - zero) * step), np.where(is_empty, most, (last - zero) * step), step


def _own_range(op: Op, dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
    assert isinstance(op.attrs, FakeQuantAttrs)
    return np.array(op.attrs.min, dtype), np.array(op.attrs.max, dtype)


def _check_bits(op: Op) -> FakeQuantAttrs:
    assert isinstance(op.attrs, FakeQuantAttrs)
    if not 2 <= op.attrs.num_bits <= 16:
        raise ShapeError(f"{op.kind} '{op.where}': {op.attrs.num_bits} bits")
    return op.attrs


def _infer(op: Op) -> Results:
    x, a = operand(op, 0), _check_bits(op)
    if not a.min < a.max or not a.min <= 0 <= a.max:
        raise ShapeError(f"FAKE_QUANT '{op.where}': the range {a.min} to {a.max}")
    return [(x.shape, x.dtype)]


def _infer_ranges(op: Op) -> Results:
    x = operand(op, 0)
    _check_bits(op)
    for index in (1, 2):
        if not _is_range_of(operand(op, index).shape, x.shape):
            raise ShapeError(f"{op.kind} '{op.where}': a range {operand(op, index).shape} for values {x.shape}")
    if operand(op, 1).shape != operand(op, 2).shape:
        raise ShapeError(f"{op.kind} '{op.where}': minimum and maximum differ in shape")
    return [(x.shape, x.dtype)]


def _is_range_of(shape: Shape, values: Shape) -> bool:
    """It broadcasts against the values, and the axes that it has are neighbours."""
    if len(shape) > len(values):
        return False
    own = values[len(values) - len(shape) :]
    if any(d not in (1, None) and v is not None and d != v for d, v in zip(shape, own, strict=True)):
        return False
    there = [i for i, d in enumerate(shape) if d != 1]
    between = own[there[0] : there[-1] + 1] if there else ()
    return all(d != 1 or v == 1 for d, v in zip(shape[there[0] : there[-1] + 1] if there else (), between, strict=True))


def _round(attrs: Attrs, x: Array, low: Array, high: Array) -> Array:
    low, high, step = nudged_range(attrs, low, high)
    first, divisor = np.where(step > 0, low, np.zeros_like(low)), np.where(step > 0, step, np.ones_like(step))
    steps = np.floor((np.clip(x, low, high) - first) * (1 / divisor) + x.dtype.type(0.5))
    return np.where(step > 0, steps * step + first, x)


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    return [_round(op.attrs, x, *_own_range(op, x.dtype))]


def _compute_ranges(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, low, high = present(arrays)
    return [_round(op.attrs, x, low, high)]


def _compute_gradient(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, low, high, dy = present(arrays)
    low, high, _ = nudged_range(op.attrs, low, high)
    return [np.where((x < low) | (x > high), np.zeros_like(dy), dy)]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Straight through inside the range, as if nothing was rounded (Bengio et al. 2013)."""
    x = operand(op, 0)
    low, high = (b.constant(value) for value in _own_range(op, x.dtype.numpy))
    return [_passed(b, op, [x, low, high, dy])]


def _gradient_of_ranges(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """What lies beyond an end of the range moves with that end.

    Source: FakeQuantWithMinMaxVarsGradient in TensorFlow's fake_quant_ops_functor.h.
    """
    x, low, high = (operand(op, i) for i in range(3))
    dx = _passed(b, op, [x, low, high, dy])
    stopped = b.sub(dy, dx)
    is_below = b.compare("LESS", x, 0.0)
    return [dx, b.sum_to(b.where(is_below, stopped, 0.0), low), b.sum_to(b.where(is_below, 0.0, stopped), high)]


def _gradient_of_gradient(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
    """Linear in dy."""
    x, low, high = (operand(op, i) for i in range(3))
    return [None, None, None, _passed(b, op, [x, low, high, g])]


def _passed(b: GradientBuilder, op: Op, operands: Sequence[Tensor]) -> Tensor:
    assert isinstance(op.attrs, FakeQuantAttrs)
    bits, narrow = op.attrs.num_bits, op.attrs.narrow_range
    return b.op("rillet.FAKE_QUANT_GRADIENT", operands, num_bits=bits, narrow_range=narrow)


for kind, code, infer, compute, gradient in (
    ("FAKE_QUANT", 80, _infer, _compute, _gradient),
    ("rillet.FAKE_QUANT", CUSTOM, _infer_ranges, _compute_ranges, _gradient_of_ranges),
    ("rillet.FAKE_QUANT_GRADIENT", CUSTOM, _infer_ranges, _compute_gradient, _gradient_of_gradient),
):
    register(
        OpDef(
            kind=kind,
            code=code,
            options="FakeQuantOptions",
            attrs=FakeQuantAttrs,
            infer=infer,
            compute=compute,
            gradient=single(gradient),
        )
    )
