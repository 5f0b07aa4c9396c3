"""FAKE_QUANT: values rounded as quantization would, and still float. For training that knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, ShapeError, operand, register
from .rules import Results, present


@dataclass
class FakeQuantAttrs(Attrs):
    """`narrow_range`: the lowest step is not used, so that weights are symmetric (LiteRT does not run it)."""

    min: float = 0.0
    max: float = 0.0
    num_bits: int = 0
    narrow_range: bool = False


def nudged_range(attrs: Attrs) -> tuple[np.float32, np.float32, np.float32]:
    """(smallest, largest, step) of the values, moved so that zero is one of them, as LiteRT moves them.

    Source of the formula: NudgeQuantizationRange in LiteRT's quantization_util.cc. In float32, as there.
    """
    assert isinstance(attrs, FakeQuantAttrs)
    first, last = np.float32(attrs.narrow_range), np.float32(2**attrs.num_bits - 1)
    step = (np.float32(attrs.max) - np.float32(attrs.min)) / (last - first)
    zero = np.clip(np.floor(first - np.float32(attrs.min) / step + np.float32(0.5)), first, last)
    return (first - zero) * step, (last - zero) * step, step


def _infer(op: Op) -> Results:
    x, a = operand(op, 0), op.attrs
    assert isinstance(a, FakeQuantAttrs)
    if not 2 <= a.num_bits <= 16 or not a.min < a.max or not a.min <= 0 <= a.max:
        raise ShapeError(f"FAKE_QUANT '{op.where}': {a.num_bits} bits for the range {a.min} to {a.max}")
    return [(x.shape, x.dtype)]


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    low, high, step = nudged_range(op.attrs)
    steps = np.floor((np.clip(x, low, high) - low) * (np.float32(1) / step) + np.float32(0.5))
    return [steps * step + low]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Straight through inside the range, as if nothing was rounded (Bengio et al. 2013)."""
    x = operand(op, 0)
    low, high, _ = nudged_range(op.attrs)
    is_inside = [b.compare("GREATER_EQUAL", x, float(low)), b.compare("LESS_EQUAL", x, float(high))]
    return [b.where(b.op("LOGICAL_AND", is_inside), dy, 0.0)]


register(
    OpDef(
        kind="FAKE_QUANT",
        code=80,
        options="FakeQuantOptions",
        attrs=FakeQuantAttrs,
        infer=_infer,
        compute=_compute,
        gradient=single(_gradient),
    )
)
