"""Taking elements: Slice, Gather and their like, with indices known at conversion or computed at run time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ir import DType, Tensor
from .emit import Emitter, values
from .node import Node, onnx_op


@onnx_op("Slice", notes="constant limits")
def _slice(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    starts, ends = node.ints(1, "starts") or [], node.ints(2, "ends") or []
    axes = node.ints(3, "axes", range(len(starts))) or []
    steps = node.ints(4, "steps", [1] * len(starts)) or []
    shape = x.static_shape
    taken = {
        axis % len(shape): range(shape[axis])[begin:end:step]
        for axis, begin, end, step in zip(axes, starts, ends, steps, strict=True)
    }
    if not all(len(indices) for indices in taken.values()):
        return emit.constant(np.zeros([len(taken[i]) if i in taken else d for i, d in enumerate(shape)], x.dtype.numpy))
    for axis, indices in taken.items():
        if indices.step < 0:  # backwards
            x = emit.gather(x, np.array(indices), axis)
    forward = {axis: indices for axis, indices in taken.items() if indices.step > 0}
    begins = [forward[i].start if i in forward else 0 for i in range(len(shape))]
    if all(indices.step == 1 for indices in forward.values()):
        return emit.slice(x, begins, [len(forward[i]) if i in forward else d for i, d in enumerate(x.static_shape)])
    limits = [forward[i].stop if i in forward else d for i, d in enumerate(x.static_shape)]
    strides = [forward[i].step if i in forward else 1 for i in range(len(shape))]
    return emit.op("STRIDED_SLICE", [x, *(emit.constant(np.array(v, np.int32)) for v in (begins, limits, strides))])


@onnx_op("Gather")
def _gather(node: Node, emit: Emitter) -> Tensor:
    x, indices = node.need(0), node.need(1)
    axis = node.attribute("axis", 0) % len(x.shape)
    if indices.is_constant:
        return emit.gather(x, _from_front(node, values(indices), x.static_shape[axis]), axis)
    return emit.op("GATHER", [x, _wrapped(emit, indices, x.static_shape[axis])], axis=axis, batch_dims=0)


def _from_front(node: Node, indices: NDArray[Any], size: int) -> NDArray[Any]:
    if indices.size and (indices.min() < -size or indices.max() >= size):
        raise node.error(f"its indices {indices.min()} to {indices.max()} are outside an axis of {size}")
    return np.where(indices < 0, indices + size, indices)


def _wrapped(emit: Emitter, indices: Tensor, size: int) -> Tensor:
    """Run-time indices with negative ones, which ONNX counts from behind, made positive."""
    indices = emit.cast(indices, DType.INT32)
    return emit.binary("FLOOR_MOD", indices, size)


@onnx_op("GatherElements", since=11)
def _gather_elements(node: Node, emit: Emitter) -> Tensor:
    """By position in the flattened input: strides are known, only the index along `axis` varies."""
    x, indices = node.need(0), node.need(1)
    shape, taken = x.static_shape, indices.static_shape
    axis = node.attribute("axis", 0) % len(shape)
    strides = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    grids = np.indices(taken)
    base = sum(g * s for i, (g, s) in enumerate(zip(grids, strides, strict=True)) if i != axis)
    along = emit.binary("MUL", _wrapped(emit, indices, shape[axis]), strides[axis])
    position = emit.binary("ADD", along, emit.constant(np.broadcast_to(np.asarray(base, np.int32), taken).copy()))
    flat = emit.reshape(x, (x.size,))
    return emit.op("GATHER", [flat, position], axis=0, batch_dims=0)


@onnx_op("GatherND", since=11, notes="batch_dims 0")
def _gather_nd(node: Node, emit: Emitter) -> Tensor:
    x, indices = node.need(0), node.need(1)
    if node.attribute("batch_dims", 0):
        raise node.error("attribute batch_dims is not supported")
    sizes = np.array(x.static_shape[: indices.static_shape[-1]], np.int32)
    wrapped = emit.op("FLOOR_MOD", [emit.cast(indices, DType.INT32), emit.constant(sizes)])
    return emit.op("GATHER_ND", [x, wrapped])


@onnx_op("DepthToSpace", notes="DCR and CRD")
def _depth_to_space(node: Node, emit: Emitter) -> Tensor:
    x, block = node.need(0), int(node.attributes["blocksize"])
    y = emit.to_nhwc(x)
    if node.attribute("mode", "DCR") == "CRD":
        # Channels come as (c, y, x) there; TFLite wants (y, x, c).
        channels = x.static_shape[1]
        order = np.arange(channels).reshape(channels // block**2, block * block).T.reshape(-1)
        y = emit.gather(y, order, 3)
    return emit.to_nchw(emit.unary("DEPTH_TO_SPACE", y, block_size=block))


@onnx_op("SpaceToDepth")
def _space_to_depth(node: Node, emit: Emitter) -> Tensor:
    y = emit.unary("SPACE_TO_DEPTH", emit.to_nhwc(node.need(0)), block_size=int(node.attributes["blocksize"]))
    return emit.to_nchw(y)
