"""DENSIFY: a sparse constant made dense. The runtime does it while it prepares the readers, so that files and memory
keep the sparse form; folding constants leaves it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import Op, RilletError
from .opdef import Array, NotDifferentiable, OpDef, operand, register
from .rules import same_as_input

_DENSE = 0


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """A tree with a level per dimension, in the order of traversal: a dense level has all indices of its dimension, a
    compressed one, for each node above, a segment of a list of indices. Values are the leaves."""
    tensor, data = operand(op, 0), arrays[0]
    assert data is not None
    if tensor.sparsity is None:
        return [data]
    sparsity: Any = tensor.sparsity
    shape = [d or 0 for d in tensor.shape]
    order = sparsity["traversal_order"].tolist()
    if sorted(order) != list(range(len(shape))):
        raise RilletError(f"DENSIFY '{op.where}': sparse blocks are not supported")
    places = np.zeros((1, len(shape)), np.int64)  # of the nodes of a level
    for axis, level in zip(order, sparsity["dim_metadata"], strict=True):
        if level["format"] == _DENSE:
            counts, indices = np.full(len(places), shape[axis]), np.tile(np.arange(shape[axis]), len(places))
        else:
            counts = np.diff(np.asarray(level["array_segments"][1]["values"], np.int64))
            indices = np.asarray(level["array_indices"][1]["values"], np.int64)
        places = np.repeat(places, counts, axis=0)
        places[:, axis] = indices
    dense = np.zeros(shape, tensor.dtype.numpy)
    dense[tuple(places.T)] = np.frombuffer(data.tobytes(), tensor.dtype.numpy)[: len(places)]
    return [dense]


register(
    OpDef(
        "DENSIFY",
        124,
        same_as_input,
        _compute,
        options="DensifyOptions",
        gradient=NotDifferentiable("a constant's values, in another form"),
    )
)
