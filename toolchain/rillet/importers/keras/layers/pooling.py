"""Pooling, local and global, of one and two dimensions."""

from __future__ import annotations

from ....ir import Padding, Tensor
from ....ops import GraphBuilder
from ..emit import reduce, reshape
from ..layer import Layer, handles


@handles("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", spatial=True)
def pooling(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    rank = 1 if "1D" in layer.kind else 2
    if len(x.shape) != rank + 2:
        raise layer.error(f"its input {x.shape} does not have {rank + 2} dimensions")
    size = layer.integers("pool_size", rank, 2)
    strides = layer.integers("strides", rank, list(size))
    padding = layer.get("padding", "valid")
    if padding not in ("same", "valid"):
        raise layer.error(f"padding '{padding}' is neither same nor valid")
    if rank == 1:
        size, strides = (1, *size), (1, *strides)
        n, length, depth = x.shape
        x = reshape(b, x, (n, 1, length, depth))
    y = b.op(
        "MAX_POOL_2D" if layer.kind.startswith("Max") else "AVERAGE_POOL_2D",
        [x],
        padding=Padding.SAME if padding == "same" else Padding.VALID,
        filter_height=size[0],
        filter_width=size[1],
        stride_h=strides[0],
        stride_w=strides[1],
    )
    return y if rank == 2 else reshape(b, y, (y.shape[0], *y.shape[2:]))


@handles("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", spatial=True)
def global_pooling(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    axes = [1] if "1D" in layer.kind else [1, 2]
    if len(x.shape) != len(axes) + 2:
        raise layer.error(f"its input {x.shape} does not have {len(axes) + 2} dimensions")
    kind = "MEAN" if "Average" in layer.kind else "REDUCE_MAX"
    return reduce(b, kind, x, axes, bool(layer.get("keepdims", False)))
