"""Layers that merge several tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....ir import Tensor
from ....ops import GraphBuilder
from ..emit import axes_of, reduce, reshape, scalar
from ..layer import Layer, handles

_CHAINED = {"Add": "ADD", "Average": "ADD", "Multiply": "MUL", "Maximum": "MAXIMUM", "Minimum": "MINIMUM"}


@handles(*_CHAINED, inputs=None)
def chained(layer: Layer, b: GraphBuilder, *xs: Tensor) -> Tensor:
    if len(xs) < 2:
        raise layer.error("is called with fewer than two tensors")
    inputs = _same_rank(b, xs)
    total = inputs[0]
    for x in inputs[1:]:
        total = b.op(_CHAINED[layer.kind], [total, x])
    return scalar(b, "MUL", total, 1 / len(xs)) if layer.kind == "Average" else total


@handles("Subtract", inputs=2)
def subtract(layer: Layer, b: GraphBuilder, x: Tensor, y: Tensor) -> Tensor:
    return b.op("SUB", _same_rank(b, (x, y)))


@handles("Concatenate", inputs=None)
def concatenate(layer: Layer, b: GraphBuilder, *xs: Tensor) -> Tensor:
    if len(xs) < 2:
        raise layer.error("is called with fewer than two tensors")
    axis = axes_of(len(xs[0].shape), layer.get("axis", -1))[0]
    return b.op("CONCATENATION", list(xs), axis=axis)


@handles("Dot", inputs=2)
def dot(layer: Layer, b: GraphBuilder, x: Tensor, y: Tensor) -> Tensor:
    axes = layer.config["axes"]
    pair = [axes, axes] if isinstance(axes, int) else list(axes)
    ranks = (len(x.shape), len(y.shape))
    left, right = axes_of(ranks[0], pair[0])[0], axes_of(ranks[1], pair[1])[0]
    if ranks not in ((2, 2), (3, 3)) or 0 in (left, right):
        raise layer.error(f"a dot product of {x.shape} and {y.shape} over axes {pair} is not imported")
    if layer.get("normalize", False):
        x, y = _normalize(b, x, left), _normalize(b, y, right)
    if ranks == (2, 2):
        return reduce(b, "SUM", b.op("MUL", [x, y]), [1], True)
    return b.op("BATCH_MATMUL", [x, y], adj_x=left == 1, adj_y=right == 2)


def _normalize(b: GraphBuilder, x: Tensor, axis: int) -> Tensor:
    squares = scalar(b, "MAXIMUM", reduce(b, "SUM", b.op("MUL", [x, x]), [axis], True), 1e-12)
    return b.op("MUL", [x, b.op("RSQRT", [squares])])


def _same_rank(b: GraphBuilder, xs: Sequence[Tensor]) -> list[Tensor]:
    """Inputs of lower rank get axes of 1 after the batch axis, as Keras broadcasts them."""
    rank = int(np.max([len(x.shape) for x in xs]))
    return [
        x if len(x.shape) in (0, rank) else reshape(b, x, (x.shape[0], *[1] * (rank - len(x.shape)), *x.shape[1:]))
        for x in xs
    ]
