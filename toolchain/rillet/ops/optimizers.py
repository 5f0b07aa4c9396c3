"""Optimizer steps that update variables in place: one operator a step, one pass over memory.

Formulas are those of Keras 3 (keras/src/optimizers). Operands that are handles come first, then the gradient, then
scalars. NumPy's meaning writes a new array into the variable's store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import DType, Op, Tensor
from .opdef import CUSTOM, Array, NotDifferentiable, OpDef, ShapeError, operand, register
from .rules import Results, present
from .variables import handle_of, held


def _fits(handle: Tensor, gradient: Tensor) -> bool:
    found = held(handle)
    if found is None or handle.dtype is not DType.RESOURCE:
        return handle.dtype is DType.RESOURCE
    pairs = zip(found[0], gradient.shape, strict=False)
    return len(found[0]) == len(gradient.shape) and all(None in pair or pair[0] == pair[1] for pair in pairs)


def _infer(handles: int, scalars: int) -> Callable[[Op], Results]:
    def infer(op: Op) -> Results:
        if len(op.inputs) != handles + 1 + scalars:
            raise ShapeError(f"{op.kind} '{op.where}': {len(op.inputs)} inputs, not {handles + 1 + scalars}")
        gradient = operand(op, handles)
        for i in range(handles):
            if not _fits(operand(op, i), gradient):
                raise ShapeError(f"{op.kind} '{op.where}': gradient {gradient!r} does not fit input {i}")
        for i in range(handles + 1, len(op.inputs)):
            if operand(op, i).shape != ():
                raise ShapeError(f"{op.kind} '{op.where}': input {i} is {operand(op, i).shape}, not a scalar")
        return []

    return infer


def _define(name: str, handles: int, scalars: int, step: Callable[..., tuple[Array, ...]]) -> None:
    """`step` gets the variables' values, the gradient and the scalars, and gives the variables' new values."""

    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        given = present(arrays)
        variables = [handle_of(a) for a in given[:handles]]
        values = [v.read() for v in variables]
        for variable, old, new in zip(variables, values, step(*values, *given[handles:]), strict=True):
            variable.write(np.asarray(new, old.dtype))
        return []

    register(
        OpDef(
            kind=f"rillet.APPLY_{name}",
            code=CUSTOM,
            infer=_infer(handles, scalars),
            compute=compute,
            gradient=NotDifferentiable("it has no result"),
        )
    )


def _sgd(w: Array, g: Array, rate: Array) -> tuple[Array, ...]:
    return (w - rate * g,)


def _momentum(w: Array, m: Array, g: Array, rate: Array, momentum: Array) -> tuple[Array, ...]:
    m = momentum * m - rate * g
    return w + m, m


def _nesterov(w: Array, m: Array, g: Array, rate: Array, momentum: Array) -> tuple[Array, ...]:
    m = momentum * m - rate * g
    return w + momentum * m - rate * g, m


def _adam(
    w: Array,
    m: Array,
    v: Array,
    g: Array,
    rate: Array,
    beta_1: Array,
    beta_2: Array,
    epsilon: Array,
    step: Array,
    decay: Array,
) -> tuple[Array, ...]:
    w = w - rate * decay * w
    alpha = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    m = m + (g - m) * (1 - beta_1)
    v = v + (g * g - v) * (1 - beta_2)
    return w - alpha * m / (np.sqrt(v) + epsilon), m, v


def _rmsprop(
    w: Array, square: Array, m: Array, g: Array, rate: Array, rho: Array, momentum: Array, epsilon: Array
) -> tuple[Array, ...]:
    square = rho * square + (1 - rho) * g * g
    m = momentum * m + rate * g / np.sqrt(square + epsilon)
    return w - m, square, m


def _adagrad(w: Array, total: Array, g: Array, rate: Array, epsilon: Array) -> tuple[Array, ...]:
    total = total + g * g
    return w - rate * g / np.sqrt(total + epsilon), total


_define("SGD", 1, 1, _sgd)
_define("MOMENTUM", 2, 2, _momentum)
_define("NESTEROV", 2, 2, _nesterov)
_define("ADAM", 3, 6, _adam)
_define("RMSPROP", 3, 4, _rmsprop)
_define("ADAGRAD", 2, 2, _adagrad)
