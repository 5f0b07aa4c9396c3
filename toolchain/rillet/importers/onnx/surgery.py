"""Shape surgery: constants, reshapes, transposes, joining and splitting; what depends on shapes alone is folded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import DType, Tensor
from .emit import Emitter
from .node import Node, onnx_op


@onnx_op("Constant", notes="numbers, no strings or sparse tensors")
def _constant(node: Node, emit: Emitter) -> Tensor:
    given: dict[str, Any] = node.attributes
    if "value" in given:
        return emit.constant(given["value"])
    for name, dtype in (
        ("value_float", np.float32),
        ("value_floats", np.float32),
        ("value_int", np.int64),
        ("value_ints", np.int64),
    ):
        if name in given:
            return emit.constant(np.array(given[name], dtype))
    raise node.error(f"a constant given as {', '.join(given) or 'nothing'} is not supported")


@onnx_op("ConstantOfShape", since=9)
def _constant_of_shape(node: Node, emit: Emitter) -> Tensor:
    shape = tuple(int(d) for d in node.constant(0, "shape").reshape(-1))
    value = np.asarray(node.attribute("value", np.zeros(1, np.float32))).reshape(())
    return emit.constant(np.full(shape, value))


@onnx_op("Shape")
def _shape(node: Node, emit: Emitter) -> Tensor:
    shape = node.need(0).static_shape
    rank = len(shape)
    begin, end = node.attribute("start", 0), node.attribute("end", rank)
    begin = min(max(begin + rank if begin < 0 else begin, 0), rank)
    end = min(max(end + rank if end < 0 else end, 0), rank)
    return emit.constant(np.array(shape[begin:end], np.int64))


@onnx_op("Size")
def _size(node: Node, emit: Emitter) -> Tensor:
    return emit.constant(np.array(node.need(0).size, np.int64))


@onnx_op("Range", since=11, notes="constant limits")
def _range(node: Node, emit: Emitter) -> Tensor:
    start, limit, delta = (node.constant(i, "limit").reshape(()) for i in range(3))
    count = max(0, int(np.ceil((limit - start) / delta)))
    return emit.constant((start + np.arange(count) * delta).astype(start.dtype))


@onnx_op("EyeLike", since=9)
def _eye_like(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    rows, columns = x.static_shape
    dtype = node.attribute("dtype", x.dtype)
    return emit.constant(np.eye(rows, columns, node.attribute("k", 0), dtype.numpy))


@onnx_op("Identity")
def _identity(node: Node, emit: Emitter) -> Tensor:
    return node.need(0)


@onnx_op("Reshape")
def _reshape(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    wanted = node.ints(1, "shape") or []
    shape = [x.static_shape[i] if d == 0 and not node.attribute("allowzero", 0) else d for i, d in enumerate(wanted)]
    if shape.count(-1) > 1:
        raise node.error(f"the shape {wanted} has more than one -1")
    if -1 in shape:
        known = int(np.prod([d for d in shape if d != -1]))
        shape[shape.index(-1)] = x.size // known if known else 0
    if int(np.prod(shape)) != x.size:
        raise node.error(
            f"{x.size} values of {x.shape} do not fill {wanted}",
            "the model may hold a batch size of its own: give input_shapes with that batch",
        )
    return emit.reshape(x, shape)


@onnx_op("Flatten")
def _flatten(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    axis = node.attribute("axis", 1)
    axis = axis + len(x.shape) if axis < 0 else axis
    shape = x.static_shape
    return emit.reshape(x, (int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))))


@onnx_op("Squeeze")
def _squeeze(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    shape = x.static_shape
    axes = node.ints(1, "axes")
    dropped = [i for i, d in enumerate(shape) if d == 1] if axes is None else [a % len(shape) for a in axes]
    if any(shape[a] != 1 for a in dropped):
        raise node.error(f"axes {axes} of {shape} are not all 1")
    return emit.reshape(x, [d for i, d in enumerate(shape) if i not in dropped])


@onnx_op("Unsqueeze")
def _unsqueeze(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    axes = node.ints(1, "axes") or []
    rank = len(x.shape) + len(axes)
    added = {a % rank for a in axes}
    rest = iter(x.static_shape)
    return emit.reshape(x, [1 if i in added else next(rest) for i in range(rank)])


@onnx_op("Transpose")
def _transpose(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return emit.transpose(x, node.attribute("perm", list(range(len(x.shape)))[::-1]))


@onnx_op("Expand", since=8)
def _expand(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    shape = np.broadcast_shapes(x.static_shape, tuple(node.ints(1, "shape") or ()))
    return emit.broadcast_to(x, shape)


@onnx_op("Tile")
def _tile(node: Node, emit: Emitter) -> Tensor:
    x, times = node.need(0), node.ints(1, "repeats") or []
    if all(t == 1 for t in times):
        return x
    return emit.op("TILE", [x, emit.constant(np.array(times, np.int32))])


@onnx_op("Concat")
def _concat(node: Node, emit: Emitter) -> Tensor:
    parts = node.operands()
    axis = node.attribute("axis", 1) % len(parts[0].shape)
    filled = [p for p in parts if p.size] or parts[:1]
    return filled[0] if len(filled) == 1 else emit.op("CONCATENATION", filled, axis=axis)


@onnx_op("Split")
def _split(node: Node, emit: Emitter) -> list[Tensor]:
    x = node.need(0)
    shape = x.static_shape
    axis = node.attribute("axis", 0) % len(shape)
    count = len(node.outputs)
    sizes = node.ints(1, "split")
    if sizes is None:
        # Equal parts, the last one smaller where they do not divide.
        part = -(-shape[axis] // count)
        sizes = [max(0, min(part, shape[axis] - i * part)) for i in range(count)]
    if len(sizes) != count or sum(sizes) != shape[axis]:
        raise node.error(f"parts {sizes} do not make up axis {axis} of {shape} in {count} outputs")
    if len(set(sizes)) == 1:
        return emit.ops("SPLIT", [emit.constant(np.array(axis, np.int32)), x], num_splits=count)
    parts, begin = [], 0
    for size in sizes:
        parts.append(_part(emit, x, axis, begin, size))
        begin += size
    return parts


def _part(emit: Emitter, x: Tensor, axis: int, begin: int, size: int) -> Tensor:
    starts: Sequence[int] = [begin if i == axis else 0 for i in range(len(x.shape))]
    return emit.slice(x, starts, [size if i == axis else d for i, d in enumerate(x.static_shape)])


@onnx_op("OneHot", since=9)
def _one_hot(node: Node, emit: Emitter) -> Tensor:
    depth = int(node.constant(1, "depth").reshape(-1)[0])
    off, on = node.constant(2, "values").reshape(-1)
    indices = emit.cast(node.need(0), DType.INT32)
    rank = len(indices.shape) + 1
    axis = node.attribute("axis", -1) % rank
    # A negative index counts from behind.
    wrapped = emit.binary("FLOOR_MOD", indices, depth)
    above, below = emit.binary("GREATER_EQUAL", indices, -depth), emit.binary("LESS", indices, depth)
    inside = emit.binary("LOGICAL_AND", above, below)
    wrapped = emit.op("SELECT_V2", [inside, wrapped, emit.like(-1, wrapped)])
    parameters = [emit.constant(np.asarray(v)) for v in (np.int32(depth), on, off)]
    return emit.op("ONE_HOT", [wrapped, *parameters], axis=axis)


@onnx_op("Trilu", since=14, notes="float and integer numbers")
def _trilu(node: Node, emit: Emitter) -> Tensor:
    x, shift = node.need(0), node.get(1)
    offset = int(node.constant(1, "k").reshape(())) if shift is not None else 0
    rows, columns = x.static_shape[-2:]
    ones = np.ones((rows, columns), np.bool_)
    kept = np.triu(ones, offset) if node.attribute("upper", 1) else np.tril(ones, offset)
    return emit.op("SELECT_V2", [emit.constant(kept), x, emit.like(0, x)])
