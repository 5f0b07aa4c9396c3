"""Elementwise operators without parameters: arithmetic, comparison, logic, and functions of one tensor."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import numpy as np

from ...ir import DType, Tensor
from .emit import Emitter
from .node import OLDEST_OPSET, Handler, Node, onnx_op, register

_BINARY = {
    "Add": "ADD",
    "Sub": "SUB",
    "Mul": "MUL",
    "Div": "DIV",
    "Equal": "EQUAL",
    "Less": "LESS",
    "LessOrEqual": "LESS_EQUAL",
    "Greater": "GREATER",
    "GreaterOrEqual": "GREATER_EQUAL",
    "And": "LOGICAL_AND",
    "Or": "LOGICAL_OR",
    "Xor": "NOT_EQUAL",
}
_UNARY = {
    "Abs": "ABS",
    "Ceil": "CEIL",
    "Cos": "COS",
    "Exp": "EXP",
    "Floor": "FLOOR",
    "Log": "LOG",
    "Neg": "NEG",
    "Not": "LOGICAL_NOT",
    "Round": "ROUND",
    "Sigmoid": "LOGISTIC",
    "Sign": "SIGN",
    "Sin": "SIN",
    "Sqrt": "SQRT",
    "Tanh": "TANH",
}
_SINCE = {"Cos": 7, "Sin": 7, "Sign": 9, "Round": 11, "GreaterOrEqual": 12, "LessOrEqual": 12, "Not": 1}
_VARIADIC = {"Max": "MAXIMUM", "Min": "MINIMUM", "Sum": "ADD"}


def _binary(kind: str) -> Handler:
    def handler(node: Node, emit: Emitter) -> Tensor:
        x, y = node.need(0), node.need(1)
        if node.opset < 7 and node.attribute("broadcast", 0) and "axis" in node.attributes:
            # Opset 6 aligned the second operand's axes to the first's from `axis` on.
            axis = node.attributes["axis"] % max(1, len(x.shape))
            y = emit.reshape(y, (*y.static_shape, *[1] * (len(x.shape) - axis - len(y.shape))))
        return emit.binary(kind, x, y)

    return handler


def _unary(kind: str) -> Handler:
    return lambda node, emit: emit.unary(kind, node.need(0))


def _variadic(kind: str) -> Handler:
    return lambda node, emit: reduce(lambda x, y: emit.binary(kind, x, y), node.operands())


for _name, _kind in _BINARY.items():
    register(_name, _binary(_kind), _SINCE.get(_name, OLDEST_OPSET))
for _name, _kind in _UNARY.items():
    register(_name, _unary(_kind), _SINCE.get(_name, OLDEST_OPSET))
for _name, _kind in _VARIADIC.items():
    register(_name, _variadic(_kind))


@onnx_op("Mean")
def _mean(node: Node, emit: Emitter) -> Tensor:
    operands = node.operands()
    return emit.binary("MUL", reduce(lambda x, y: emit.binary("ADD", x, y), operands), 1 / len(operands))


@onnx_op("Reciprocal")
def _reciprocal(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return emit.binary("DIV", emit.like(1, x), x)


@onnx_op("Pow")
def _pow(node: Node, emit: Emitter) -> Tensor:
    x, y = node.need(0), node.need(1)
    if y.data is not None and y.size == 1 and x.dtype is DType.FLOAT32 and len(y.shape) <= len(x.shape):
        exponent = float(y.data.reshape(()))
        if exponent == 2:
            return emit.binary("MUL", x, x)
        if exponent == 0.5:
            return emit.unary("SQRT", x)
    if x.dtype.is_integer and y.dtype.is_float:
        power = emit.binary("POW", emit.cast(x, y.dtype), y)
        return emit.cast(power, x.dtype)
    return emit.binary("POW", x, emit.cast(y, x.dtype))


@onnx_op("Mod", since=10)
def _mod(node: Node, emit: Emitter) -> Tensor:
    x, y = node.need(0), node.need(1)
    if not node.attribute("fmod", 0):
        return emit.binary("FLOOR_MOD", x, y)
    # C's fmod takes the sign of the dividend.
    remainder = emit.binary("FLOOR_MOD", emit.unary("ABS", x), emit.unary("ABS", y))
    return emit.op("SELECT_V2", [emit.binary("LESS", x, 0), emit.unary("NEG", remainder), remainder])


@onnx_op("Where", since=9)
def _where(node: Node, emit: Emitter) -> Tensor:
    return emit.op("SELECT_V2", [node.need(0), node.need(1), node.need(2)])


@onnx_op("Cast", notes="between number types and bool")
def _cast(node: Node, emit: Emitter) -> Tensor:
    return emit.cast(node.need(0), node.attributes["to"])


@onnx_op("CastLike", since=15)
def _cast_like(node: Node, emit: Emitter) -> Tensor:
    return emit.cast(node.need(0), node.need(1).dtype)


@onnx_op("Erf", since=9)
def _erf(node: Node, emit: Emitter) -> Tensor:
    # gelu(t) = t (1 + erf(t / sqrt 2)) / 2, solved for erf; at t = 0 any tiny t has the same erf.
    t = emit.binary("MUL", node.need(0), math.sqrt(2))
    t = emit.op("SELECT_V2", [emit.binary("EQUAL", t, 0), emit.like(1e-20, t), t])
    ratio = emit.binary("DIV", emit.unary("GELU", t, approximate=False), t)
    return emit.binary("SUB", emit.binary("MUL", ratio, 2), 1)


def _function(op_type: str, since: int = 7) -> Callable[[Callable[[Emitter, Tensor], Tensor]], None]:
    """Registers a function of one tensor written with others."""

    def decorate(function: Callable[[Emitter, Tensor], Tensor]) -> None:
        register(op_type, lambda node, emit: function(emit, node.need(0)), since)

    return decorate


@_function("Tan")
def _tan(emit: Emitter, x: Tensor) -> Tensor:
    return emit.binary("DIV", emit.unary("SIN", x), emit.unary("COS", x))


@_function("Sinh", since=9)
def _sinh(emit: Emitter, x: Tensor) -> Tensor:
    grown, shrunk = emit.unary("EXP", x), emit.unary("EXP", emit.unary("NEG", x))
    return emit.binary("MUL", emit.binary("SUB", grown, shrunk), 0.5)


@_function("Cosh", since=9)
def _cosh(emit: Emitter, x: Tensor) -> Tensor:
    grown, shrunk = emit.unary("EXP", x), emit.unary("EXP", emit.unary("NEG", x))
    return emit.binary("MUL", emit.binary("ADD", grown, shrunk), 0.5)


@_function("Asinh", since=9)
def _asinh(emit: Emitter, x: Tensor) -> Tensor:
    # Of |x|, because x + sqrt(x^2 + 1) cancels for negative x.
    size = emit.unary("ABS", x)
    root = emit.unary("SQRT", emit.binary("ADD", emit.binary("MUL", x, x), 1))
    return emit.binary("MUL", emit.unary("SIGN", x), emit.unary("LOG", emit.binary("ADD", size, root)))


@_function("Acosh", since=9)
def _acosh(emit: Emitter, x: Tensor) -> Tensor:
    root = emit.unary("SQRT", emit.binary("SUB", emit.binary("MUL", x, x), 1))
    return emit.unary("LOG", emit.binary("ADD", x, root))


@_function("Atanh", since=9)
def _atanh(emit: Emitter, x: Tensor) -> Tensor:
    ratio = emit.binary("DIV", emit.binary("ADD", x, 1), emit.binary("SUB", emit.like(1, x), x))
    return emit.binary("MUL", emit.unary("LOG", ratio), 0.5)


@_function("IsNaN", since=9)
def _is_nan(emit: Emitter, x: Tensor) -> Tensor:
    return emit.binary("NOT_EQUAL", x, x)


@onnx_op("IsInf", since=10)
def _is_inf(node: Node, emit: Emitter) -> Tensor:
    x, signs = node.need(0), []
    if node.attribute("detect_positive", 1):
        signs.append(emit.binary("EQUAL", x, np.inf))
    if node.attribute("detect_negative", 1):
        signs.append(emit.binary("EQUAL", x, -np.inf))
    if not signs:
        return emit.binary("LESS", x, -np.inf)
    return reduce(lambda a, b: emit.binary("LOGICAL_OR", a, b), signs)
