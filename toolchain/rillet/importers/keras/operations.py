"""Functions of keras.ops that stand as nodes in a functional model of Keras 3, such as x * 2 + y."""

from __future__ import annotations

from typing import Any

from ...ir import Tensor
from ...ops import GraphBuilder
from .errors import KerasError
from .layer import Layer, handles

_BINARY = {
    "Add": "ADD",
    "Subtract": "SUB",
    "Multiply": "MUL",
    "Divide": "DIV",
    "TrueDivide": "DIV",
    "Maximum": "MAXIMUM",
    "Minimum": "MINIMUM",
}
_UNARY = {
    "Absolute": "ABS",
    "Exp": "EXP",
    "Log": "LOG",
    "Negative": "NEG",
    "Relu": "RELU",
    "Relu6": "RELU6",
    "Sigmoid": "LOGISTIC",
    "Sqrt": "SQRT",
    "Square": "SQUARE",
    "Tanh": "TANH",
}
OPERATIONS = {f"ops.{name}": kind for name, kind in {**_BINARY, **_UNARY}.items()}


def operation(record: dict[str, Any]) -> str:
    """The table's name of an operation node.

    Raises:
        KerasError: one that rillet does not import.
    """
    kind = f"ops.{record['class_name']}"
    if kind not in OPERATIONS:
        raise KerasError(
            f"layer '{record.get('name', kind)}' is the function {record.get('module')}.{record['class_name']}, which "
            f"rillet does not import; use a layer, or one of {', '.join(sorted(n[4:] for n in OPERATIONS))}"
        )
    return kind


@handles(*(f"ops.{name}" for name in _BINARY), inputs=2)
def binary(layer: Layer, b: GraphBuilder, x: Tensor, y: Tensor) -> Tensor:
    return b.op(OPERATIONS[layer.kind], [x, y])


@handles(*(f"ops.{name}" for name in _UNARY))
def unary(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return b.op(OPERATIONS[layer.kind], [x])
