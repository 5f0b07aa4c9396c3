"""L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION over the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, operand, register
from .rules import present, same_as_input, versions

_SMALLEST_NORM = 1e-6  # LiteRT's l2normalization.h: what keeps a zero vector zero


@dataclass
class L2NormAttrs(Attrs):
    """The activation is in the schema, and ignored by every runtime."""

    fused_activation_function: Activation = Activation.NONE


@dataclass
class LocalResponseNormalizationAttrs(Attrs):
    radius: int = 0
    bias: float = 0.0
    alpha: float = 0.0
    beta: float = 0.0


def _l2(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    norm = np.sqrt(np.square(x).sum(axis=-1, keepdims=True))
    return [x / np.maximum(norm, np.float32(_SMALLEST_NORM))]


def _local_response(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    a = op.attrs
    assert isinstance(a, LocalResponseNormalizationAttrs)
    padded = np.pad(np.square(x), [(0, 0)] * (x.ndim - 1) + [(a.radius, a.radius)])
    energy = np.lib.stride_tricks.sliding_window_view(padded, 2 * a.radius + 1, axis=-1).sum(axis=-1)
    return [x * np.power(np.float32(a.bias) + np.float32(a.alpha) * energy, np.float32(-a.beta))]


def _l2_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """(dy - y sum(dy y)) / norm; below the smallest norm the operator only scales."""
    x, y = operand(op, 0), op.outputs[0]
    energy = b.sum(b.square(x), (-1,), keep_dims=True)
    smallest = b.scalar(_SMALLEST_NORM**2, x)
    along = b.mul(y, b.sum(b.mul(dy, y), (-1,), keep_dims=True))
    turned = b.where(b.compare("GREATER", energy, smallest), b.sub(dy, along), dy)
    return [b.mul(turned, b.op("RSQRT", [b.op("MAXIMUM", [energy, smallest])]))]


def _local_response_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """With D = bias + alpha * window sum of x^2: dy D^-beta - 2 alpha beta x (window sum of dy x D^(-beta - 1)).

    The window sum over channels is a product with a band matrix.
    """
    x, a = operand(op, 0), op.attrs
    assert isinstance(a, LocalResponseNormalizationAttrs)
    channel = np.arange(x.static_shape[-1])
    band = b.constant((np.abs(channel[:, None] - channel) <= a.radius).astype(x.dtype.numpy))
    divisor = b.add(b.mul(b.matmul(b.square(x), band), a.alpha), a.bias)
    scaled = b.mul(dy, b.op("POW", [divisor, b.scalar(-a.beta, x)]))
    spread = b.matmul(b.div(b.mul(scaled, x), divisor), band)
    return [b.sub(scaled, b.mul(b.mul(x, spread), 2 * a.alpha * a.beta))]


register(
    OpDef(
        kind="L2_NORMALIZATION",
        code=11,
        options="L2NormOptions",
        attrs=L2NormAttrs,
        infer=same_as_input,
        compute=_l2,
        gradient=single(_l2_gradient),
        quant=QuantRule(fixed_output=(1 / 128, 0)),
        version=versions(int8=2),
    )
)
register(
    OpDef(
        kind="LOCAL_RESPONSE_NORMALIZATION",
        code=13,
        options="LocalResponseNormalizationOptions",
        attrs=LocalResponseNormalizationAttrs,
        infer=same_as_input,
        compute=_local_response,
        gradient=single(_local_response_gradient),
    )
)
