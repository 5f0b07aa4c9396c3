"""Gradients of the fused activations and of GELU, as operators of their own: one pass over memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, Op, Tensor
from .binary import AddSubAttrs
from .gradient import GradientBuilder, Gradients, activation_gradient, single
from .opdef import CUSTOM, Array, OpDef, ShapeError, operand, register
from .rules import Results, broadcast, present

ERF = np.vectorize(math.erf, otypes=[np.float64])  # numpy has none
_CUBIC = 0.044715  # of the tanh approximation (Hendrycks and Gimpel 2016)


@dataclass
class GeluAttrs(Attrs):
    approximate: bool = False


def _infer(op: Op) -> Results:
    y, dy = operand(op, 0), operand(op, 1)
    if y.dtype is not dy.dtype or len(y.shape) != len(dy.shape) or 1 in _repeated(y, dy):
        raise ShapeError(f"{op.kind} '{op.where}': gradient {dy.shape} is not of the value's shape {y.shape}")
    return [(broadcast(op, y.shape, dy.shape), y.dtype)]


def _repeated(a: Tensor, b: Tensor) -> set[int | None]:
    """Dimensions of `a` or `b` that the other has in another size."""
    return {d for pair in zip(a.shape, b.shape, strict=True) if None not in pair and pair[0] != pair[1] for d in pair}


def _infer_activation(op: Op) -> Results:
    assert isinstance(op.attrs, AddSubAttrs)
    if op.attrs.fused_activation_function is Activation.SIGN_BIT:
        raise ShapeError(f"{op.kind} '{op.where}': SIGN_BIT has no gradient")
    return _infer(op)


def _compute_activation(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    y, dy = present(arrays)
    assert isinstance(op.attrs, AddSubAttrs)
    activation = Activation(op.attrs.fused_activation_function)
    if activation is Activation.TANH:
        return [dy * (1 - y * y)]
    low, high = activation.bounds
    return [np.where((y > low) & (y < high), dy, np.zeros_like(dy))]


def _of_activation(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
    """Linear in the gradient; in the value only TANH has a slope."""
    y, dy = operand(op, 0), operand(op, 1)
    assert isinstance(op.attrs, AddSubAttrs)
    activation = op.attrs.fused_activation_function
    slope = b.mul(b.mul(b.mul(g, dy), y), -2.0) if activation is Activation.TANH else None
    return [slope, activation_gradient(b, activation, y, g)]


def _tanh_part(x: Array) -> Array:
    return np.asarray(np.tanh(math.sqrt(2 / math.pi) * (x + _CUBIC * x * x * x)))


def gelu(x: Array, approximate: bool) -> Array:
    """x times the normal distribution's cumulative function, or its tanh approximation."""
    if approximate:
        return np.asarray(0.5 * x * (1 + _tanh_part(x)))
    return np.asarray(0.5 * x * (1 + ERF(x * math.sqrt(0.5)))).astype(x.dtype)


def _compute_gelu(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, dy = present(arrays)
    assert isinstance(op.attrs, GeluAttrs)
    if op.attrs.approximate:
        t = _tanh_part(x)
        inner = math.sqrt(2 / math.pi) * (1 + 3 * _CUBIC * x * x)
        return [dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)]
    density = np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    return [(dy * (0.5 * (1 + ERF(x * math.sqrt(0.5))) + x * density)).astype(x.dtype)]


def _of_gelu(b: GradientBuilder, op: Op, g: Tensor) -> Gradients:
    """Second derivative: density * (2 - x^2), or that of x * (1 + tanh u) / 2 with u = c * (x + a * x^3)."""
    x, dy = operand(op, 0), operand(op, 1)
    assert isinstance(op.attrs, GeluAttrs)
    square = b.square(x)
    if op.attrs.approximate:
        c = math.sqrt(2 / math.pi)
        t = b.op("TANH", [b.mul(b.mul(x, b.add(b.mul(square, _CUBIC), 1.0)), c)])
        slope = b.mul(b.add(b.mul(square, 3 * _CUBIC), 1.0), c)  # u'
        rest = b.sub(b.add(slope, b.mul(square, 3 * _CUBIC * c)), b.mul(b.mul(x, t), b.square(slope)))
        curve = b.mul(b.add(b.neg(b.square(t)), 1.0), rest)
    else:
        density = b.mul(b.op("EXP", [b.mul(square, -0.5)]), 1 / math.sqrt(2 * math.pi))
        curve = b.mul(density, b.add(b.neg(square), 2.0))
    return [b.mul(b.mul(g, dy), curve), b.op("rillet.GELU_GRADIENT", [x, g], approximate=op.attrs.approximate)]


register(
    OpDef(
        kind="rillet.ACTIVATION_GRADIENT",
        code=CUSTOM,
        options="AddOptions",
        attrs=AddSubAttrs,
        infer=_infer_activation,
        compute=_compute_activation,
        gradient=single(_of_activation),
    )
)
register(
    OpDef(
        kind="rillet.GELU_GRADIENT",
        code=CUSTOM,
        options="GeluOptions",
        attrs=GeluAttrs,
        infer=_infer,
        compute=_compute_gelu,
        gradient=single(_of_gelu),
    )
)
