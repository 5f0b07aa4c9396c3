"""Shape rules and small helpers that many operators share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import numpy as np

from ..ir import Activation, DType, Op, Shape
from .opdef import Array, ShapeError, operand

Results = list[tuple[Shape, DType]]
MAX_RANK = 8  # as in LiteRT: no operator takes more dimensions


def same_as_input(op: Op) -> Results:
    """One output of the first input's shape and dtype."""
    x = operand(op, 0)
    return [(x.shape, x.dtype)]


def broadcast(op: Op, *shapes: Shape) -> Shape:
    """The shape that `shapes` broadcast to. Unknown against 1 or unknown stays unknown.

    Raises:
        ShapeError: two dimensions differ and neither is 1.
    """
    result: list[int | None] = []
    for dims in itertools.zip_longest(*(reversed(s) for s in shapes), fillvalue=1):
        sizes = {d for d in dims if d is not None and d != 1}
        if len(sizes) > 1:
            raise ShapeError(f"{op.kind} '{op.where}': shapes {' and '.join(map(str, shapes))} do not broadcast")
        result.append(sizes.pop() if sizes else None if None in dims else 1)
    return tuple(reversed(result))


def ints(op: Op, index: int) -> tuple[int, ...] | None:
    """The values of integer input `index`, flattened; None where it is not constant."""
    data = operand(op, index).data
    return None if data is None else tuple(int(v) for v in data.reshape(-1))


def one_int(op: Op, index: int) -> int | None:
    """The value of an integer input with one element (an axis, a count); None where it is not constant.

    Raises:
        ShapeError: it has another number of elements.
    """
    values = ints(op, index)
    if values is None:
        return None
    if len(values) != 1:
        raise ShapeError(f"{op.kind} '{op.where}': input {index} must hold one value, not {values}")
    return values[0]


def ranked(op: Op, index: int, rank: int, what: str) -> Shape:
    """The shape of input `index`, which must have `rank` dimensions; `what` says which ones."""
    shape = operand(op, index).shape
    if len(shape) != rank:
        raise ShapeError(f"{op.kind} '{op.where}': input {index} is {shape}, not ({what})")
    return shape


def filters(op: Op, index: int, rank: int, what: str) -> tuple[int, ...]:
    """The shape of weight input `index`: of `rank` dimensions, all known and at least 1."""
    ranked(op, index, rank, what)
    shape = operand(op, index).static_shape
    if 0 in shape:
        raise ShapeError(f"{op.kind} '{op.where}': weights {shape} are empty")
    return shape


def length(op: Op, index: int) -> int:
    """How many elements the 1-D (or scalar) input `index` has.

    Raises:
        ShapeError: that is not known, so the rank of the output is not either.
    """
    shape = operand(op, index).shape
    if len(shape) > 1 or None in shape or operand(op, index).size > MAX_RANK:
        raise ShapeError(f"{op.kind} '{op.where}': input {index} {shape} does not give the output's rank")
    return int(np.prod(operand(op, index).static_shape, dtype=np.int64))


def required_ints(op: Op, index: int, what: str) -> tuple[int, ...]:
    """The values of integer input `index`, which decides the rank of the output.

    Raises:
        ShapeError: it is not constant.
    """
    values = ints(op, index)
    if values is None:
        raise ShapeError(f"{op.kind} '{op.where}': {what} (input {index}) must be constant to know the output's rank")
    return values


def resolve_axis(op: Op, axis: int, rank: int) -> int:
    """`axis` counted from the front.

    Raises:
        ShapeError: it is outside [-rank, rank).
    """
    if not -rank <= axis < rank:
        raise ShapeError(f"{op.kind} '{op.where}': axis {axis} is outside a tensor of {rank} dimensions")
    return axis % rank


def product(dims: Iterable[int | None]) -> int | None:
    """The product of `dims`; None where one is unknown."""
    result = 1
    for dim in dims:
        if dim is None:
            return None
        result *= dim
    return result


def present(arrays: Iterable[Array | None]) -> list[Array]:
    """`arrays`, none of which may be absent."""
    result = []
    for array in arrays:
        assert array is not None
        result.append(array)
    return result


def activate(y: Array, activation: Activation) -> Array:
    """Applies a fused activation."""
    if activation is Activation.NONE:
        return y
    if activation is Activation.TANH:
        return np.tanh(y)
    return np.clip(y, *activation.bounds).astype(y.dtype, copy=False)


def first_version(op: Op) -> int:
    """The version rule of an operator that never changed."""
    return 1


def versions(base: int = 1, large: tuple[int, int] | None = None, **by_dtype: int) -> Callable[[Op], int]:
    """A version rule: by the lower-case dtype name of the first input, else `base`.

    `large` is (rank, version): an operand above that rank asks for at least that version.
    """

    def rule(op: Op) -> int:
        version = by_dtype.get(operand(op, 0).dtype.name.lower(), base)
        if large and max(len(t.shape) for t in op.inputs if t is not None) > large[0]:
            version = max(version, large[1])
        return version

    return rule
