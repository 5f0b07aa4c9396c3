"""Making, reshaping and combining tensors, by TensorFlow's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..ir import DType
from .state import call
from .tensor import Tensor, TensorError, TracedTensor, as_array, convert_to_tensor, op

Axis = int | Sequence[int] | None


def constant(value: Any, dtype: DTypeLike | None = None, shape: Sequence[int] | None = None) -> Tensor:
    """A tensor of its own with these values (copied), spread over `shape` where that is given."""
    array = as_array(value.numpy() if isinstance(value, Tensor) else value, dtype)
    if shape is not None:
        dims = tuple(shape)
        return Tensor(np.full(dims, array) if array.size == 1 else array.reshape(dims).copy())
    return Tensor(np.array(array))


def zeros(shape: Sequence[int], dtype: DTypeLike = np.float32) -> Tensor:
    return Tensor(np.zeros(tuple(shape), dtype))


def ones(shape: Sequence[int], dtype: DTypeLike = np.float32) -> Tensor:
    return Tensor(np.ones(tuple(shape), dtype))


def fill(dims: Any, value: Any) -> Tensor:
    return op("FILL", [structural(dims), convert_to_tensor(value)])


def zeros_like(x: Any, dtype: DTypeLike | None = None) -> Tensor:
    return _filled_like(x, 0, dtype)


def ones_like(x: Any, dtype: DTypeLike | None = None) -> Tensor:
    return _filled_like(x, 1, dtype)


def eye(num_rows: int, num_columns: int | None = None, dtype: DTypeLike = np.float32) -> Tensor:
    return Tensor(np.eye(num_rows, num_columns, dtype=dtype))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: DTypeLike | None = None) -> Tensor:
    """start, start + delta, ... below limit; `range(n)` counts from 0. The ends are Python numbers."""
    first, last = (0, start) if limit is None else (start, limit)
    wanted = dtype or (np.float32 if any(isinstance(v, float) for v in (first, last, delta)) else np.int32)
    return Tensor(np.arange(first, last, delta, dtype=wanted))


def linspace(start: float, stop: float, num: int, dtype: DTypeLike = np.float32) -> Tensor:
    return Tensor(np.linspace(start, stop, num, dtype=dtype))


def cast(x: Any, dtype: DTypeLike) -> Tensor:
    """`x` with elements of another type; floats are cut off towards zero where they become integers."""
    tensor, wanted = convert_to_tensor(x), np.dtype(dtype)
    if tensor.dtype == wanted:
        return tensor
    return op("CAST", [tensor], in_data_type=DType.of(tensor.dtype), out_data_type=DType.of(wanted))


def identity(x: Any) -> Tensor:
    """The same values."""
    return convert_to_tensor(x)


def shape(x: Any) -> Tensor:
    """The shape as an int32 vector: a constant where it is known."""
    x = convert_to_tensor(x)
    if None in x.shape:
        return op("SHAPE", [x], out_type=DType.INT32)
    return Tensor(np.array(x.shape, np.int32))


def rank(x: Any) -> Tensor:
    return Tensor(np.array(convert_to_tensor(x).ndim, np.int32))


def size(x: Any) -> Tensor:
    return Tensor(np.array(convert_to_tensor(x).size, np.int32))


def reshape(x: Any, shape: Any) -> Tensor:
    """The same elements in another shape; one dimension may be -1."""
    x, wanted = convert_to_tensor(x), structural(shape)
    if isinstance(wanted, TracedTensor):
        return op("RESHAPE", [x, wanted])
    return op("RESHAPE", [x, wanted], new_shape=tuple(wanted.tolist()))


def transpose(x: Any, perm: Sequence[int] | None = None) -> Tensor:
    """Axes in the order `perm`; None reverses them."""
    x = convert_to_tensor(x)
    order = [*np.arange(x.ndim)[::-1].tolist()] if perm is None else list(perm)
    return op("TRANSPOSE", [x, np.array(order, np.int32)])


def expand_dims(x: Any, axis: int) -> Tensor:
    return op("EXPAND_DIMS", [convert_to_tensor(x), np.array(axis, np.int32)])


def squeeze(x: Any, axis: Axis = None) -> Tensor:
    axes = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    return op("SQUEEZE", [convert_to_tensor(x)], squeeze_dims=axes)


def concat(values: Sequence[Any], axis: int) -> Tensor:
    """Tensors of one dtype joined along an axis that they have."""
    tensors = _of_one_type("concat", values)
    return op("CONCATENATION", tensors, axis=axis) if len(tensors) > 1 else tensors[0]


def stack(values: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape and dtype joined along a new axis."""
    tensors = _of_one_type("stack", values)
    return op("PACK", tensors, values_count=len(tensors), axis=axis)


def unstack(value: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along an axis, which goes."""
    x = convert_to_tensor(value)
    count = x.shape[axis] if num is None else num
    parts = call("UNPACK", [x], num=count, axis=axis)
    return list(parts) if isinstance(parts, tuple) else [parts]


def split(value: Any, num_or_size_splits: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Equal parts (a number of them), or parts of given sizes, one of which may be -1."""
    x, along = convert_to_tensor(value), np.array(axis, np.int32)
    if isinstance(num_or_size_splits, int):
        parts = call("SPLIT", [along, x], num_splits=num_or_size_splits)
    else:
        sizes = np.array(num_or_size_splits, np.int32)
        parts = call("SPLIT_V", [x, sizes, along], num_splits=len(sizes))
    return list(parts) if isinstance(parts, tuple) else [parts]


def pad(x: Any, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0) -> Tensor:
    """`paddings`: (before, after) for each axis; mode CONSTANT, REFLECT or SYMMETRIC."""
    x, amounts = convert_to_tensor(x), np.asarray(paddings, np.int32)
    if mode.upper() != "CONSTANT":
        from ..ops.pad import MirrorPadMode

        return op("MIRROR_PAD", [x, amounts], mode=MirrorPadMode[mode.upper()])
    if constant_values == 0:
        return op("PAD", [x, amounts])
    return op("PADV2", [x, amounts, Tensor(as_array(constant_values, x.dtype))])


def tile(x: Any, multiples: Sequence[int]) -> Tensor:
    return op("TILE", [convert_to_tensor(x), structural(multiples)])


def repeat(x: Any, repeats: int, axis: int) -> Tensor:
    """Each slice along `axis`, `repeats` times one after the other."""
    x = convert_to_tensor(x)
    along = axis % x.ndim
    counts = [1] * (x.ndim + 1)
    counts[along + 1] = repeats
    dims = [*x.shape]
    dims[along] = -1 if dims[along] is None else dims[along] * repeats
    return reshape(tile(expand_dims(x, along + 1), counts), [-1 if d is None else d for d in dims])


def broadcast_to(x: Any, shape: Any) -> Tensor:
    return op("BROADCAST_TO", [convert_to_tensor(x), structural(shape)])


def slice(x: Any, begin: Sequence[int], size: Sequence[int]) -> Tensor:
    """`size[i]` elements of axis i from `begin[i]` on; -1: all that are left."""
    return op("SLICE", [convert_to_tensor(x), structural(begin), structural(size)])


def reverse(x: Any, axis: Sequence[int]) -> Tensor:
    return op("REVERSE_V2", [convert_to_tensor(x), structural(axis)])


def gather(params: Any, indices: Any, axis: int = 0, batch_dims: int = 0) -> Tensor:
    """Slices of `params` along `axis`, by number."""
    operands = [convert_to_tensor(params), convert_to_tensor(indices)]
    return op("GATHER", operands, axis=axis, batch_dims=batch_dims)


def gather_nd(params: Any, indices: Any) -> Tensor:
    return op("GATHER_ND", [convert_to_tensor(params), convert_to_tensor(indices)])


def one_hot(indices: Any, depth: int, on_value: float = 1, off_value: float = 0, axis: int = -1,
            dtype: DTypeLike = np.float32) -> Tensor:  # fmt: skip
    """`on_value` at each index along a new axis of size `depth`, `off_value` elsewhere."""
    values = [Tensor(np.array(v, dtype)) for v in (on_value, off_value)]
    return op("ONE_HOT", [convert_to_tensor(indices), np.array(depth, np.int32), *values], axis=axis)


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """`x` where the condition holds, `y` elsewhere; all three broadcast. (Coordinates alone have no fixed shape.)"""
    if not isinstance(x, Tensor):
        x = convert_to_tensor(x, getattr(y, "dtype", None) if isinstance(x, (int, float)) else None)
    if not isinstance(y, Tensor):
        y = convert_to_tensor(y, x.dtype if isinstance(y, (int, float)) else None)
    if x.dtype != y.dtype:
        raise TensorError(f"where: {x.dtype.name} and {y.dtype.name} differ; cast one of them")
    return op("SELECT_V2", [convert_to_tensor(condition, np.bool_), x, y])


def structural(value: Any) -> Any:
    """A shape or list of axes as an operand: an int32 array; a tensor with a value gives its numbers."""
    if isinstance(value, TracedTensor):
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(each, TracedTensor) for each in value):
        return stack([convert_to_tensor(each) for each in value])
    return np.asarray(value, np.int32).reshape(-1)


def _filled_like(x: Any, value: int, dtype: DTypeLike | None) -> Tensor:
    x = convert_to_tensor(x)
    wanted = x.dtype if dtype is None else np.dtype(dtype)
    if None in x.shape:
        return fill(shape(x), Tensor(np.array(value, wanted)))
    return Tensor(np.full(x.shape, value, wanted))


def _of_one_type(name: str, values: Sequence[Any]) -> list[Tensor]:
    typed = next((v.dtype for v in values if hasattr(v, "dtype")), None)
    tensors = [convert_to_tensor(v, None if hasattr(v, "dtype") else typed) for v in values]
    if len({t.dtype for t in tensors}) > 1:
        raise TensorError(f"{name}: dtypes {', '.join(t.dtype.name for t in tensors)} differ; cast them")
    if not tensors:
        raise TensorError(f"{name} of no tensors")
    return tensors


__all__ = [
    "broadcast_to", "cast", "concat", "constant", "expand_dims", "eye", "fill", "gather", "gather_nd", "identity",
    "linspace", "one_hot", "ones", "ones_like", "pad", "range", "rank", "repeat", "reshape", "reverse", "shape", "size",
    "slice", "split", "squeeze", "stack", "tile", "transpose", "unstack", "where", "zeros", "zeros_like",
]  # fmt: skip
