"""tensor[...]: NumPy's basic indexing as one STRIDED_SLICE; an integer tensor or list gathers along the first axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from .state import call
from .tensor import Tensor, TensorError, TracedTensor, convert_to_tensor


def index(tensor: Tensor, key: Any) -> Any:
    """Integers, slices, None and ... as in NumPy; one integer tensor, array or list alone gathers rows.

    Raises:
        TensorError: another kind of index, or one that is out of range.
    """
    if isinstance(key, (list, np.ndarray, Tensor)) and not _is_scalar(key):
        rows = convert_to_tensor(key)
        if rows.dtype.kind == "b":
            raise TensorError("indexing by a mask has no fixed shape: use rillet.where, or NumPy")
        return call("GATHER", [tensor, rows], axis=0, batch_dims=0)
    entries = key if isinstance(key, tuple) else (key,)
    shape = tensor.shape
    taken = sum(1 for e in entries if e is not None and e is not Ellipsis)
    if taken > len(shape):
        raise TensorError(f"{taken} indices for a tensor of shape {shape}")
    if not any(e is Ellipsis for e in entries):
        entries = (*entries, Ellipsis)
    begin, end, strides, masks = [], [], [], [0] * 5  # begin, end, ellipsis, new axis, shrink
    dims = iter(range(len(shape)))
    for place, entry in enumerate(entries):
        bit = 1 << place
        first, last, step = 0, 0, 1
        if entry is Ellipsis:
            masks[2] |= bit
            for _ in range(len(shape) - taken):
                next(dims)
        elif entry is None:
            masks[3] |= bit
        elif isinstance(entry, slice):
            next(dims)
            step = 1 if entry.step is None else int(entry.step)
            masks[0] |= bit if entry.start is None else 0
            masks[1] |= bit if entry.stop is None else 0
            first = 0 if entry.start is None else int(entry.start)
            last = 0 if entry.stop is None else int(entry.stop)
        else:
            axis = next(dims)
            first = _position(entry, axis, shape)
            last = first + 1
            masks[4] |= bit
        begin.append(first)
        end.append(last)
        strides.append(step)
    names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    operands = [np.array(each, np.int32) for each in (begin, end, strides)]
    return call("STRIDED_SLICE", [tensor, *operands], **dict(zip(names, masks, strict=True)))


def _is_scalar(key: Any) -> bool:
    return not isinstance(key, list) and key.shape == ()


def _position(entry: Any, axis: int, shape: tuple[int, ...]) -> int:
    if isinstance(entry, TracedTensor):
        raise TensorError("a traced tensor cannot be an index: use rillet.gather")
    try:
        position = int(entry.__index__())
    except (AttributeError, TypeError):
        raise TensorError(f"cannot index a tensor with {entry!r}") from None
    if shape[axis] is not None and not -shape[axis] <= position < shape[axis]:
        raise IndexError(f"index {position} is outside of axis {axis}, of size {shape[axis]}")
    if shape[axis] is not None and position < 0:
        position += shape[axis]  # -1 would end at 0
    return position
