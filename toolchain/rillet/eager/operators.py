"""Python's operators on Tensor and Variable. Between two eager tensors they cost little more than numpy's own.

Results that overflow are infinite; for +, - and * whether NumPy warns of it is NumPy's setting (`numpy.seterr`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .indexing import index
from .state import call, local
from .tensor import Operators, Tensor, TensorError, convert_to_tensor, like
from .variable import Variable

_ndarray = np.ndarray


def binary(kind: str, x: Any, y: Any) -> Any:
    """An operator of two operands that broadcast; Python numbers take the other one's dtype.

    Raises:
        TensorError: the dtypes differ.
    """
    if not isinstance(x, Tensor):
        x = like(x, y) if isinstance(y, Tensor) else convert_to_tensor(x)
    if not isinstance(y, Tensor):
        y = like(y, x)
    if x.dtype != y.dtype:
        raise TensorError(f"{kind} of {x.dtype.name} and {y.dtype.name}: cast one of them (rillet.cast)")
    return call(kind, [x, y])


def divide(x: Any, y: Any) -> Any:
    """x / y; integers become float32 first."""
    return binary("DIV", _as_float(x), _as_float(y))


def _as_float(value: Any) -> Any:
    if isinstance(value, (int, float, np.generic)):
        return float(value)
    value = convert_to_tensor(value)
    if value.dtype.kind == "f":
        return value
    from .array_ops import cast

    return cast(value, np.float32)


def _operator(kind: str, ufunc: Callable[..., Any], dtypes: str = "fiu") -> tuple[Callable[..., Any], ...]:
    """The method and its reflection; `ufunc` is the operator in numpy, for arrays of those `dtypes` alone."""

    def method(self: Any, other: Any) -> Any:
        if local.idle and (type(self) is Tensor or type(self) is Variable):
            a = self._array if isinstance(self, Tensor) else self.snapshot()._array
            b = _beside(other, a.dtype)
            if b is not None and a.dtype.kind in dtypes:
                try:
                    y = ufunc(a, b)
                    return Tensor(y if type(y) is _ndarray else np.asarray(y))
                except ValueError:
                    pass  # shapes that do not broadcast: the operator's own rule says it better
        return apply(self, other) if _is_operand(other) else NotImplemented

    def reflected(self: Any, other: Any) -> Any:
        return apply(other, self) if _is_operand(other) else NotImplemented

    def apply(x: Any, y: Any) -> Any:
        x = convert_to_tensor(x) if isinstance(x, Variable) else x
        return divide(x, y) if kind == "DIV" else binary(kind, x, y)

    return method, reflected


def _silent(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    """Without warnings of divisions by zero and the like, as in the kernels."""

    def function(a: Any, b: Any) -> Any:
        with np.errstate(all="ignore"):
            return ufunc(a, b)

    return function


def _beside(value: Any, dtype: Any) -> Any:
    """An array or scalar of `dtype` where that is easily had, else None."""
    kind = type(value)
    if kind is Tensor:
        array = value._array
        return array if array.dtype is dtype else None
    if kind is float or kind is int:
        return dtype.type(value) if dtype.kind == "f" else None
    if kind is Variable and value.dtype is dtype:
        return value.snapshot()._array
    return None


def _is_operand(value: Any) -> bool:
    return isinstance(value, (Tensor, Variable, np.ndarray, np.generic, int, float, list, tuple))


_BINARY: dict[str, tuple[str, Callable[..., Any], str]] = {
    "add": ("ADD", np.add, "fiu"),
    "sub": ("SUB", np.subtract, "fiu"),
    "mul": ("MUL", np.multiply, "fiu"),
    "truediv": ("DIV", _silent(np.divide), "f"),
    "floordiv": ("FLOOR_DIV", _silent(np.floor_divide), "iu"),
    "mod": ("FLOOR_MOD", _silent(np.mod), "fiu"),
    "pow": ("POW", _silent(np.power), "f"),
}
_COMPARISON: dict[str, tuple[str, Callable[..., Any], str]] = {
    "lt": ("LESS", np.less, "fiu"),
    "le": ("LESS_EQUAL", np.less_equal, "fiu"),
    "gt": ("GREATER", np.greater, "fiu"),
    "ge": ("GREATER_EQUAL", np.greater_equal, "fiu"),
    "eq": ("EQUAL", np.equal, "fiub"),
    "ne": ("NOT_EQUAL", np.not_equal, "fiub"),
    "and": ("LOGICAL_AND", np.logical_and, "b"),
    "or": ("LOGICAL_OR", np.logical_or, "b"),
}


def _matmul(self: Any, other: Any) -> Any:
    from .math_ops import matmul

    return matmul(self, other)


def _rmatmul(self: Any, other: Any) -> Any:
    from .math_ops import matmul

    return matmul(other, self)


METHODS: dict[str, Callable[..., Any]] = {}
"""The methods by operator: the quick way for two eager tensors."""


for _name, _entry in (_BINARY | _COMPARISON).items():
    _method, _reflected = _operator(*_entry)
    METHODS[_entry[0]] = _method
    setattr(Operators, f"__{_name}__", _method)
    if _name in _BINARY:
        setattr(Operators, f"__r{_name}__", _reflected)
_OTHERS: dict[str, Callable[..., Any]] = {
    "matmul": _matmul,
    "rmatmul": _rmatmul,
    "neg": lambda x: call("NEG", [x]),
    "pos": convert_to_tensor,
    "abs": lambda x: call("ABS", [x]),
    "invert": lambda x: call("LOGICAL_NOT", [x]),
    "getitem": lambda x, key: index(convert_to_tensor(x), key),
    "hash": object.__hash__,
}
for _name, _function in _OTHERS.items():
    setattr(Operators, f"__{_name}__", _function)
