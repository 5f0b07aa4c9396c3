"""One operator with its attributes and the shapes of its operands: checked once, then run or differentiated often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Op, Shape
from ..ir import Tensor as Symbol
from ..ops import ShapeError, opdef
from ..ops.opdef import OpDef
from ..ops.variables import declare
from .rule import Rule
from .single import Single, compile_single

Array = NDArray[Any]
_MOST_PREPARED = 8192
_MOST_BYTES = 1 << 28  # of the memory that sessions of single operators keep
_LARGE = 1 << 14  # elements from which on the C kernels win over numpy, the copies in and out included


class Prepared:
    """An operator for operands of given shapes and dtypes; structural operands are given by value."""

    def __init__(self, kind: str, attrs: dict[str, Any], operands: Sequence[Symbol | None]) -> None:
        self.definition: OpDef = opdef(kind)
        self.kind, self.attrs = kind, attrs
        self.op = Op(kind, list(operands), [], self.definition.attrs(**attrs))
        results = self.definition.infer(self.op)
        self.op.outputs = [Symbol(f"{kind.lower()}/{i}", *each) for i, each in enumerate(results)]
        self.dtypes = [dtype.numpy for _, dtype in results]
        self._rules: dict[tuple[bool, ...], Rule] = {}

    def run(self, arrays: Sequence[Array | None]) -> list[Array]:
        """The results, each an array of its own or a view of an operand."""
        if self._kernel is not None:
            return self._kernel([a for a in arrays if a is not None])
        made = self.definition.compute(self.op, arrays)
        return [np.asarray(y, dtype) for y, dtype in zip(made, self.dtypes, strict=True)]

    def rule(self, wanted: tuple[bool, ...], given: tuple[bool, ...]) -> Rule:
        """The gradients of the `wanted` operands from those `given` of the results."""
        key = (*wanted, *given)
        if key not in self._rules:
            self._rules[key] = Rule(self.op, wanted, given)
        return self._rules[key]

    @cached_property
    def _kernel(self) -> Callable[[Sequence[Array]], list[Array]] | None:
        """A C session of this one operator where that is worth the copies; None: numpy does it."""
        if any(t is not None and t.dtype is DType.RESOURCE for t in self.op.inputs):
            return None
        is_large = max((t.size for t in (*self.op.inputs, *self.op.outputs) if t is not None), default=0) >= _LARGE
        is_heavy = self.kind.startswith("rillet.") or self.definition.macs(self.op) > 0
        single = compile_single(self.op) if is_heavy or (is_large and not _only_moves(self)) else None
        return _bounded(single)


def _only_moves(prepared: Prepared) -> bool:
    """True where numpy gives a view of an operand: nothing is faster."""
    arrays = [
        None if t is None else t.data if t.data is not None else np.zeros(t.static_shape, t.dtype.numpy)
        for t in prepared.op.inputs
    ]
    results = prepared.definition.compute(prepared.op, arrays)
    return all(any(a is not None and np.may_share_memory(y, a) for a in arrays) for y in results)


_cache: dict[Any, Prepared | None] = {}  # None: known by value only
_kept_bytes = 0


def _bounded(single: Single | None) -> Callable[[Sequence[Array]], list[Array]] | None:
    """What `single` runs, all others forgotten where together they keep too much memory."""
    global _kept_bytes
    if single is None:
        return None
    _kept_bytes += single.nbytes
    if _kept_bytes > _MOST_BYTES:
        _cache.clear()
        _kept_bytes = single.nbytes
    return single.run


def prepare(kind: str, attrs: dict[str, Any], operands: Sequence[Any], key: Any = None) -> Prepared:
    """The prepared operator for `operands`: arrays (structural: by value), Tensors (by shape), Handles, or None.

    A tensor counts by value where its numbers decide the results' shape (the shape operand of a RESHAPE) and it has
    some.

    Args:
        key: (kind, items of attrs, `declared` of each operand), where the caller has it.

    Raises:
        ShapeError: the operator does not accept such operands.
    """
    key = key or (kind, *attrs.items(), *map(declared, operands))
    found = _cache.get(key)
    if found is not None:
        return found
    if key not in _cache:
        found = _remember(key, _try(kind, attrs, operands))
    if found is None:
        values = [_by_value(x) for x in operands]
        key = (key, *[x.tobytes() for x in values if type(x) is np.ndarray])
        found = _cache.get(key)
        if found is None:
            found = _remember(key, Prepared(kind, attrs, [_symbol(x, i) for i, x in enumerate(values)]))
    assert found is not None
    return found


def declared(operand: Any) -> Any:
    """What of an operand decides how an operator is prepared."""
    if operand is None:
        return None
    if type(operand) is np.ndarray:
        return operand.tobytes(), operand.shape, operand.dtype
    variable = getattr(operand, "variable", None)
    return (operand.shape, operand.dtype) if variable is None else ("variable", variable.shape, variable.dtype)


def _try(kind: str, attrs: dict[str, Any], operands: Sequence[Any]) -> Prepared | None:
    """None where the operator must know numbers of its integer operands first."""
    needs_values = any(_by_value(x) is not x for x in operands)
    try:
        made = Prepared(kind, attrs, [_symbol(x, i) for i, x in enumerate(operands)])
    except ShapeError:
        if needs_values:
            return None
        raise
    is_open = any(d is None for t in made.op.outputs for d in t.shape)
    is_given = all(d is not None for t in made.op.inputs if t is not None for d in t.shape)
    return None if is_open and is_given and needs_values else made


def _remember(key: Any, made: Prepared | None) -> Prepared | None:
    if len(_cache) >= _MOST_PREPARED:
        _cache.clear()
    _cache[key] = made
    return made


def _by_value(operand: Any) -> Any:
    array = getattr(operand, "_array", None)  # a traced tensor has none
    return array if array is not None and array.dtype.kind in "iub" else operand


def _symbol(operand: Any, index: int) -> Symbol | None:
    if operand is None:
        return None
    symbol = getattr(operand, "symbol", None)
    if symbol is not None:
        return Symbol(f"operand{index}", symbol.shape, symbol.dtype)
    variable = getattr(operand, "variable", None)
    if variable is not None:
        return declare(Symbol(f"operand{index}", (), DType.RESOURCE), variable.shape, DType.of(variable.dtype))
    shape: Shape = operand.shape
    is_structural = type(operand) is np.ndarray
    return Symbol(f"operand{index}", shape, DType.of(operand.dtype), data=operand if is_structural else None)
