"""Small groups of ops that several handlers need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...ir import DType, Tensor
from ...ops import GraphBuilder
from .errors import KerasError


def reshape(b: GraphBuilder, x: Tensor, shape: Sequence[int | None]) -> Tensor:
    """RESHAPE; at most one dimension may be unknown (None)."""
    dims = tuple(-1 if d is None else int(d) for d in shape)
    if dims == x.shape:
        return x
    if dims.count(-1) > 1:
        raise KerasError(f"layer '{b.source}': more than one unknown dimension in {tuple(shape)}; give input_shapes")
    return b.op("RESHAPE", [x, b.constant(np.array(dims, np.int32))], new_shape=dims)


def transpose(b: GraphBuilder, x: Tensor, perm: Sequence[int]) -> Tensor:
    return b.op("TRANSPOSE", [x, b.constant(np.array(perm, np.int32))])


def pad(b: GraphBuilder, x: Tensor, pads: Sequence[tuple[int, int]]) -> Tensor:
    """PAD with zeros; (before, after) of each dimension."""
    return b.op("PAD", [x, b.constant(np.array(pads, np.int32).reshape(-1, 2))])


def reduce(b: GraphBuilder, kind: str, x: Tensor, axes: Sequence[int], keep_dims: bool) -> Tensor:
    return b.op(kind, [x, b.constant(np.array(axes, np.int32))], keep_dims=keep_dims)


def scalar(b: GraphBuilder, kind: str, x: Tensor, value: float) -> Tensor:
    """A binary op with a scalar on the right."""
    return b.op(kind, [x, b.constant(np.float32(value))])


def affine(b: GraphBuilder, x: Tensor, scale: NDArray[np.floating], offset: NDArray[np.floating]) -> Tensor:
    """x * scale + offset with constants, as passes fold it into a neighbouring layer."""
    x = b.op("MUL", [x, b.constant(np.asarray(scale, np.float32), f"{b.source}/scale")])
    return b.op("ADD", [x, b.constant(np.asarray(offset, np.float32), f"{b.source}/offset")])


def to_float(b: GraphBuilder, x: Tensor) -> Tensor:
    return x if x.dtype is DType.FLOAT32 else cast(b, x, DType.FLOAT32)


def cast(b: GraphBuilder, x: Tensor, dtype: DType) -> Tensor:
    return x if x.dtype is dtype else b.op("CAST", [x], in_data_type=x.dtype, out_data_type=dtype)


def axes_of(rank: int, axes: object) -> list[int]:
    """Axes of a configuration (one or a list, negative from the end) as indices.

    Raises:
        ValueError: outside the tensor's rank.
    """
    values = axes if isinstance(axes, (list, tuple)) else [axes]
    result = []
    for axis in values:
        if not isinstance(axis, int) or not -rank <= axis < rank:
            raise ValueError(f"axis {axis!r} of a tensor of rank {rank}")
        result.append(axis % rank)
    return result
