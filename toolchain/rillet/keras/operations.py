"""Python's operators and functions on symbolic tensors, noted down as layers without weights.

The operators carry the names that Keras 3 gives its own, so that files with them go both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import eager
from ..eager import Tensor, Variable, call
from .layer import Layer, LayerError
from .registry import auto_name, exported
from .symbolic import SymbolicTensor, call_symbolically


class Operation(Layer):
    """An operator of Keras on tensors and numbers."""

    function: Callable[..., Any]

    def shapes_of(self, args: Any, kwargs: Any) -> None:
        """It builds nothing, and its first operand may be a number."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return type(self).function(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    def get_build_config(self) -> dict[str, Any] | None:
        return None


class Function(Layer):
    """One of rillet's operators with its attributes, from a function such as `rillet.nn.softplus`. It is not saved."""

    def __init__(self, kind: str, attrs: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.attrs = kind, attrs

    def shapes_of(self, args: Any, kwargs: Any) -> None:
        """It builds nothing, and its operands may be numbers."""

    def call(self, *inputs: Any) -> Any:
        return call(self.kind, inputs, **self.attrs)

    def get_config(self) -> dict[str, Any]:
        raise LayerError(
            f"layer '{self.name}': a rillet function on symbolic tensors cannot be saved; call it in a Layer"
        )


def _getitem(x: Any, key: Any) -> Any:
    """Files have lists where Python had tuples."""
    return x[tuple(key) if isinstance(key, list) and not all(isinstance(k, int) for k in key) else key]


_NUMPY: dict[str, Callable[..., Any]] = {
    "Add": lambda x, y: x + y,
    "Subtract": lambda x, y: x - y,
    "Multiply": lambda x, y: x * y,
    "TrueDivide": lambda x, y: x / y,
    "Divide": lambda x, y: x / y,
    "FloorDivide": lambda x, y: x // y,
    "Mod": lambda x, y: x % y,
    "Power": lambda x, y: x**y,
    "Matmul": lambda x, y: x @ y,
    "Negative": lambda x: -x,
    "Absolute": abs,
    "GetItem": _getitem,
    "Equal": lambda x, y: x == y,
    "NotEqual": lambda x, y: x != y,
    "Less": lambda x, y: x < y,
    "LessEqual": lambda x, y: x <= y,
    "Greater": lambda x, y: x > y,
    "GreaterEqual": lambda x, y: x >= y,
    "LogicalAnd": eager.logical_and,
    "LogicalOr": eager.logical_or,
    "LogicalNot": eager.logical_not,
    "Maximum": eager.maximum,
    "Minimum": eager.minimum,
    "Square": eager.square,
    "Sqrt": eager.sqrt,
    "Exp": eager.exp,
    "Log": eager.log,
    "Tanh": eager.tanh,
    "Sin": eager.sin,
    "Cos": eager.cos,
}
_NN: dict[str, Callable[..., Any]] = {
    "Relu": eager.nn.relu,
    "Relu6": eager.nn.relu6,
    "Sigmoid": eager.sigmoid,
    "Silu": eager.nn.silu,
    "Softplus": eager.nn.softplus,
}


def _defined(module: str, functions: dict[str, Callable[..., Any]]) -> dict[str, type[Operation]]:
    made = {}
    for name, function in functions.items():
        body = {"function": staticmethod(function), "__doc__": f"Keras's {name}.", "__module__": __name__}
        made[name] = exported(module)(type(name, (Operation,), body))
    return made


OPERATIONS = _defined("keras.src.ops.numpy", _NUMPY) | _defined("keras.src.ops.nn", _NN)


def _noted(layer: Layer, args: Sequence[Any]) -> Any:
    for each in args:
        if isinstance(each, Variable):
            raise LayerError(
                f"'{layer.name}': variable '{each.name}' beside a symbolic tensor would belong to no layer and never "
                "be trained; make a Layer that owns it"
            )
    return call_symbolically(layer, tuple(args), {})


def _operator(name: str, reflected: bool = False) -> Callable[..., Any]:
    def method(self: SymbolicTensor, *others: Any) -> Any:
        others = tuple(other.numpy() if type(other) is Tensor else other for other in others)
        return _noted(OPERATIONS[name](), (*others, self) if reflected else (self, *others))

    return method


def _record(self: SymbolicTensor, kind: str, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """One operator that a function of rillet is made of."""
    return _noted(Function(kind, attrs, name=auto_name(kind.lower().replace(".", "_"))), inputs)


_METHODS = {
    "add": "Add", "sub": "Subtract", "mul": "Multiply", "truediv": "TrueDivide", "floordiv": "FloorDivide",
    "mod": "Mod", "pow": "Power", "matmul": "Matmul", "neg": "Negative", "abs": "Absolute", "getitem": "GetItem",
    "eq": "Equal", "ne": "NotEqual", "lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual",
    "and": "LogicalAnd", "or": "LogicalOr", "invert": "LogicalNot",
}  # fmt: skip
for _method, _name in _METHODS.items():
    setattr(SymbolicTensor, f"__{_method}__", _operator(_name))
for _method in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(SymbolicTensor, f"__r{_method}__", _operator(_METHODS[_method], reflected=True))
SymbolicTensor.__hash__ = object.__hash__  # type: ignore[method-assign]
SymbolicTensor.record_call = _record  # type: ignore[attr-defined]

__all__ = ["OPERATIONS", "Function", "Operation"]
