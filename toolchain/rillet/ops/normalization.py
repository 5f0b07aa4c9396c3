"""L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION over the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, Op
from .opdef import Array, OpDef, QuantRule, register
from .rules import present, same_as_input, versions


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
    return [x / np.maximum(norm, np.float32(1e-6))]  # LiteRT's l2normalization.h: what keeps a zero vector zero


def _local_response(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    a = op.attrs
    assert isinstance(a, LocalResponseNormalizationAttrs)
    padded = np.pad(np.square(x), [(0, 0)] * (x.ndim - 1) + [(a.radius, a.radius)])
    energy = np.lib.stride_tricks.sliding_window_view(padded, 2 * a.radius + 1, axis=-1).sum(axis=-1)
    return [x * np.power(np.float32(a.bias) + np.float32(a.alpha) * energy, np.float32(-a.beta))]


register(
    OpDef(
        kind="L2_NORMALIZATION",
        code=11,
        options="L2NormOptions",
        attrs=L2NormAttrs,
        infer=same_as_input,
        compute=_l2,
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
    )
)
