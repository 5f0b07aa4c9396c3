"""Optimizers by Keras's names and defaults. Each step of a variable is one operator, in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..eager import Handle, Variable, call, cast, clip_by_global_norm, clip_by_norm, clip_by_value, convert_to_tensor
from ..importers.keras.weights import snake_case
from ..ir import RilletError
from . import schedules
from .registry import auto_name, deserialize, exported, serialize
from .schedules import LearningRateSchedule

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "get", "schedules"]

_MODULE = "keras.optimizers"


class Optimizer:
    """Base of all optimizers.

    Args:
        learning_rate: a number, or a schedule.
        weight_decay: decoupled: weights shrink by learning_rate * weight_decay before each step.
        clipnorm, clipvalue, global_clipnorm: bounds of gradients: each one's norm, each element, all together.
    """

    slots: tuple[str, ...] = ()  # names of the variables kept beside each weight

    def __init__(
        self,
        learning_rate: Any = 0.01,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for gone in ("use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor",
                     "gradient_accumulation_steps", "jit_compile", "is_legacy_optimizer"):  # fmt: skip
            if kwargs.pop(gone, None) not in (None, False, 0.99):
                raise RilletError(f"{type(self).__name__}: {gone} is not supported")
        if kwargs:
            raise RilletError(f"{type(self).__name__} has no {', '.join(sorted(kwargs))}")
        if sum(bound is not None for bound in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise RilletError(f"{type(self).__name__}: clip by one of clipnorm, clipvalue and global_clipnorm")
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.weight_decay, self.clipnorm, self.clipvalue = weight_decay, clipnorm, clipvalue
        self.global_clipnorm = global_clipnorm
        rate = deserialize(learning_rate, "keras.optimizers.schedules")
        self.schedule = rate if isinstance(rate, LearningRateSchedule) else None
        first = self.schedule(0) if self.schedule is not None else float(rate)
        self._rate = Variable(np.float32(first), False, f"{self.name}/learning_rate")
        self.iterations = Variable(np.int64(0), False, f"{self.name}/iteration", np.int64)
        self._kept: dict[int, list[Variable]] = {}
        self.trained: list[Variable] = []

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step; assign a number to change it."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if self.schedule is not None:
            raise RilletError(f"{self.name} follows a schedule; its learning_rate cannot be set")
        self._rate.assign(np.float32(float(value)))

    def begin_step(self, step: int) -> None:
        """Called before step number `step` (from 0) outside of the traced function: the schedule decides the rate."""
        if self.schedule is not None:
            self._rate.assign(np.float32(self.schedule(step)))

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the variables kept beside those weights; once, outside of a traced function."""
        for variable in variables:
            if id(variable) not in self._kept:
                self._kept[id(variable)] = [
                    Variable(self.first(slot, variable), False, f"{self.name}/{variable.name}_{slot}")
                    for slot in self.used_slots
                ]
                self.trained.append(variable)

    @property
    def used_slots(self) -> tuple[str, ...]:
        return self.slots

    def first(self, slot: str, variable: Variable) -> Any:
        """What a slot starts with."""
        return np.zeros(variable.shape, np.float32)

    def kept_beside(self, variable: Variable) -> list[Variable]:
        """What the optimizer keeps beside a weight, in the order of its slots."""
        return self._kept[id(variable)]

    @property
    def variables(self) -> list[Variable]:
        """In Keras's order: iteration, learning rate, then what is kept beside each weight."""
        return [self.iterations, self._rate, *(v for t in self.trained for v in self._kept[id(t)])]

    def apply_gradients(self, grads_and_vars: Any) -> None:
        """One step from pairs of (gradient, variable); variables without gradient stay."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable]) -> None:
        """One step."""
        pairs = [(g, v) for g, v in zip(grads, trainable_variables, strict=True) if g is not None]
        if not pairs:
            raise RilletError("no gradient for any variable: the loss does not depend on them")
        self.build([v for _, v in pairs])
        gradients = self._clipped([g for g, _ in pairs])
        self.iterations.assign(self.iterations.value() + 1)
        rate = self._rate.value()
        step = cast(self.iterations.value(), np.float32) if self.counts_steps else None
        for gradient, (_, variable) in zip(gradients, pairs, strict=True):
            if self.weight_decay and not self.decays_itself:
                variable.assign(variable.value() - variable.value() * (rate * float(self.weight_decay)))
            self.update(variable, gradient, rate, step)

    counts_steps = False
    decays_itself = False

    def update(self, variable: Variable, gradient: Any, rate: Any, step: Any) -> None:
        """One variable's step."""
        raise NotImplementedError

    def run(self, kind: str, variable: Variable, gradient: Any, rate: Any, *scalars: Any) -> None:
        """The operator `kind` on the variable and what is kept beside it."""
        handles = [Handle(v) for v in (variable, *self._kept[id(variable)])]
        call(kind, [*handles, gradient, rate, *(_scalar(s) for s in scalars)])

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        if self.clipnorm is not None:
            return [clip_by_norm(g, self.clipnorm) for g in gradients]
        if self.clipvalue is not None:
            return [clip_by_value(g, -self.clipvalue, self.clipvalue) for g in gradients]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(gradients, self.global_clipnorm)[0]
        return gradients

    settings: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        rate = self.schedule if self.schedule is not None else float(self._rate)
        common = ("weight_decay", "clipnorm", "global_clipnorm", "clipvalue")
        return {"name": self.name, "learning_rate": serialize(rate),
                **{key: getattr(self, key) for key in (*common, *self.settings)}}  # fmt: skip

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


def _scalar(value: Any) -> Any:
    return convert_to_tensor(np.float32(value)) if isinstance(value, (int, float)) else value


@exported(_MODULE, "sgd")
class SGD(Optimizer):
    """w -= rate * g, with momentum and Nesterov's where given."""

    settings = ("momentum", "nesterov")

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        if not 0 <= momentum <= 1:
            raise RilletError(f"SGD: momentum is {momentum}, not in [0, 1]")
        self.momentum, self.nesterov = momentum, nesterov

    @property
    def used_slots(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()

    def update(self, variable: Variable, gradient: Any, rate: Any, step: Any) -> None:
        if not self.momentum:
            self.run("rillet.APPLY_SGD", variable, gradient, rate)
            return
        kind = "rillet.APPLY_NESTEROV" if self.nesterov else "rillet.APPLY_MOMENTUM"
        self.run(kind, variable, gradient, rate, self.momentum)


@exported(_MODULE, "adam")
class Adam(Optimizer):
    """Kingma and Ba 2014."""

    slots = ("momentum", "velocity")
    settings: tuple[str, ...] = ("beta_1", "beta_2", "epsilon", "amsgrad")
    counts_steps = True
    decays_itself = True

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        amsgrad: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **kwargs)
        if amsgrad:
            raise RilletError(f"{type(self).__name__}: amsgrad is not supported")
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def update(self, variable: Variable, gradient: Any, rate: Any, step: Any) -> None:
        self.run("rillet.APPLY_ADAM", variable, gradient, rate, self.beta_1, self.beta_2, self.epsilon, step,
                 float(self.weight_decay or 0.0))  # fmt: skip


@exported(_MODULE, "adamw")
class AdamW(Adam):
    """Loshchilov and Hutter 2017: Adam with decoupled weight decay."""

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, *args: Any, **kwargs: Any) -> None:
        super().__init__(learning_rate, *args, weight_decay=weight_decay, **kwargs)


@exported(_MODULE, "rmsprop")
class RMSprop(Optimizer):
    """Hinton 2012: gradients divided by the root of their running mean square."""

    slots = ("velocity", "momentum")
    settings = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
        centered: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **kwargs)
        if centered:
            raise RilletError("RMSprop: centered is not supported")
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def update(self, variable: Variable, gradient: Any, rate: Any, step: Any) -> None:
        self.run("rillet.APPLY_RMSPROP", variable, gradient, rate, self.rho, self.momentum, self.epsilon)


@exported(_MODULE, "adagrad")
class Adagrad(Optimizer):
    """Duchi et al. 2011."""

    slots = ("accumulator",)
    settings = ("initial_accumulator_value", "epsilon")

    def __init__(
        self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def first(self, slot: str, variable: Variable) -> Any:
        return np.full(variable.shape, self.initial_accumulator_value, np.float32)

    def update(self, variable: Variable, gradient: Any, rate: Any, step: Any) -> None:
        self.run("rillet.APPLY_ADAGRAD", variable, gradient, rate, self.epsilon)


def get(identifier: Any) -> Any:
    """An optimizer by name ("adam"), configuration or itself."""
    return deserialize(identifier.lower() if isinstance(identifier, str) else identifier, _MODULE)
