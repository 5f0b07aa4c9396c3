"""Optimizers as data: which operator updates a parameter, with which variables and scalars beside it.

Names, defaults and formulas are Keras 3's. A scalar is a number, or a 0-D tensor of the graph (an input, a variable's
value) for one that changes from step to step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import DType, Tensor
from ..ops import GradientBuilder
from ..ops.opdef import Array
from ..ops.variables import held, variable_name
from .variables import variable

Scalar = float | Tensor
STEP = "optimizer/step"
"""Name of the variable that counts steps, a float32 scalar; the first step makes it 1."""


@dataclass(frozen=True)
class Optimizer:
    """Base of the optimizers."""

    learning_rate: Scalar = 0.01

    @property
    def kind(self) -> str:
        """The operator of a step."""
        raise NotImplementedError

    @property
    def slots(self) -> dict[str, float]:
        """Variables beside each parameter, of its shape, and the value that they begin with."""
        return {}

    @property
    def scalars(self) -> Sequence[Scalar | None]:
        """The operator's scalars, in order; None for the number of the step."""
        return [self.learning_rate]


@dataclass(frozen=True)
class SGD(Optimizer):
    momentum: Scalar = 0.0
    nesterov: bool = False

    @property
    def _is_plain(self) -> bool:
        return not isinstance(self.momentum, Tensor) and self.momentum == 0

    @property
    def kind(self) -> str:
        if self._is_plain:
            return "rillet.APPLY_SGD"
        return "rillet.APPLY_NESTEROV" if self.nesterov else "rillet.APPLY_MOMENTUM"

    @property
    def slots(self) -> dict[str, float]:
        return {} if self._is_plain else {"momentum": 0.0}

    @property
    def scalars(self) -> Sequence[Scalar | None]:
        return [self.learning_rate] if self._is_plain else [self.learning_rate, self.momentum]


@dataclass(frozen=True)
class Adam(Optimizer):
    """AdamW where `weight_decay` is not zero."""

    learning_rate: Scalar = 0.001
    beta_1: Scalar = 0.9
    beta_2: Scalar = 0.999
    epsilon: Scalar = 1e-7
    weight_decay: Scalar = 0.0

    @property
    def kind(self) -> str:
        return "rillet.APPLY_ADAM"

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}

    @property
    def scalars(self) -> Sequence[Scalar | None]:
        return [self.learning_rate, self.beta_1, self.beta_2, self.epsilon, None, self.weight_decay]


@dataclass(frozen=True)
class RMSprop(Optimizer):
    learning_rate: Scalar = 0.001
    rho: Scalar = 0.9
    momentum: Scalar = 0.0
    epsilon: Scalar = 1e-7

    @property
    def kind(self) -> str:
        return "rillet.APPLY_RMSPROP"

    @property
    def slots(self) -> dict[str, float]:
        return {"velocity": 0.0, "momentum": 0.0}

    @property
    def scalars(self) -> Sequence[Scalar | None]:
        return [self.learning_rate, self.rho, self.momentum, self.epsilon]


@dataclass(frozen=True)
class Adagrad(Optimizer):
    learning_rate: Scalar = 0.001
    initial_accumulator_value: float = 0.1
    epsilon: Scalar = 1e-7

    @property
    def kind(self) -> str:
        return "rillet.APPLY_ADAGRAD"

    @property
    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    @property
    def scalars(self) -> Sequence[Scalar | None]:
        return [self.learning_rate, self.epsilon]


def apply_gradients(
    b: GradientBuilder, optimizer: Optimizer, handles: Sequence[Tensor], gradients: Sequence[Tensor]
) -> dict[str, Array]:
    """Appends one step of `optimizer`.

    Args:
        handles: of the parameters (`autodiff.variable`); `gradients` has one for each.

    Returns:
        First values of the variables that the optimizer needs, by name: `PARAMETER/SLOT`, and `optimizer/step`.
    """
    makers = b.graph.producers()
    first: dict[str, Array] = {}
    counter = step = None
    if None in optimizer.scalars:
        counter = variable(b, STEP, (), DType.FLOAT32)
        step = b.add(b.op("READ_VARIABLE", [counter]), 1.0)
        first[STEP] = np.zeros((), np.float32)
    scalars = [_scalar(b, step if each is None else each) for each in optimizer.scalars]
    for handle, gradient in zip(handles, gradients, strict=True):
        shape, dtype = held(handle) or (gradient.shape, gradient.dtype)
        beside = []
        for slot, value in optimizer.slots.items():
            name = f"{variable_name(makers[handle])}/{slot}"
            beside.append(variable(b, name, shape, dtype))
            first[name] = np.full(gradient.static_shape, value, dtype.numpy)
        b.ops(optimizer.kind, [handle, *beside, gradient, *scalars])
    if counter is not None:
        b.ops("ASSIGN_VARIABLE", [counter, step])
    return first


def _scalar(b: GradientBuilder, value: Scalar | None) -> Tensor:
    assert value is not None
    return value if isinstance(value, Tensor) else b.constant(np.float32(value))
