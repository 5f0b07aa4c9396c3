"""The eager executor: operators run at once, and active tapes record them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..ir import RilletError
from ..ops.variables import Handle as StoreHandle
from .prepared import declared, prepare
from .state import Local, local
from .tensor import Tensor, TracedTensor, as_array

if TYPE_CHECKING:
    from .variable import Variable

_LARGEST_STRUCTURAL = 64  # elements; more than that is data


class Handle:
    """A variable itself as an operand (of ASSIGN_VARIABLE or an optimizer), where the variable would mean its value."""

    __slots__ = ("variable",)

    def __init__(self, variable: Variable) -> None:
        self.variable = variable

    def as_array(self) -> NDArray[Any]:
        """The handle as numpy's meaning of operators takes it."""
        array = np.empty((), object)
        array[()] = StoreHandle(_Store(self.variable), self.variable.name)
        return array


class _Store(dict[str, NDArray[Any]]):
    """One variable as a store of variables."""

    def __init__(self, variable: Variable) -> None:
        super().__init__()
        self._variable = variable

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._variable.snapshot()._array

    def __setitem__(self, name: str, value: NDArray[Any]) -> None:
        self._variable.store(value)


class EagerExecutor:
    """See `Executor`."""

    def execute(self, kind: str, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
        operands: list[Any] = []
        arrays: list[Any] = []
        key: list[Any] = [kind, *attrs.items()] if attrs else [kind]
        for x in inputs:
            if type(x) is not Tensor:
                record = getattr(x, "record_call", None)  # of keras's symbolic tensors
                if record is not None:
                    return record(kind, inputs, attrs)
                x = x if type(x) is Handle else operand(kind, x)
            if type(x) is Tensor:
                array = x._array
                key.append((array.shape, array.dtype))
            else:
                array = x.as_array() if type(x) is Handle else x
                key.append(declared(x))
            operands.append(x)
            arrays.append(array)
        prepared = prepare(kind, attrs, operands, tuple(key))
        results = [Tensor(array) for array in prepared.run(arrays)]
        for tape in local.tapes:
            tape.record(prepared, operands, results)
        return results[0] if len(results) == 1 else tuple(results)

    def read(self, variable: Variable) -> Tensor:
        return variable.snapshot()

    def assign(self, variable: Variable, value: Tensor) -> None:
        variable.store(value._array)

    def random(self, draw: str, shape: tuple[int, ...], dtype: Any, options: dict[str, Any]) -> Tensor:
        from .random import draw_array

        return Tensor(draw_array(draw, shape, dtype, options))


def operand(kind: str, value: Any) -> Any:
    """`value` as an operand: a Tensor, an array where it is structural, None."""
    if value is None or type(value) is Tensor:
        return value
    if isinstance(value, TracedTensor):
        raise RilletError(
            f"{kind}: tensor '{value.symbol.name}' belongs to a function that was traced and has no value here; "
            "return it from the function instead of storing it"
        )
    read = getattr(value, "__rillet_tensor__", None)
    if read is not None:
        return read()
    array = as_array(value)
    if array.dtype.kind == "f" or array.size > _LARGEST_STRUCTURAL:
        return Tensor(array)
    if type(value) is int or (array.dtype == np.int64 and not isinstance(value, (np.ndarray, np.generic))):
        return array.astype(np.int32)
    return array


EAGER = EagerExecutor()
Local.executor = EAGER
