"""Learning rates as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .registry import exported


class LearningRateSchedule:
    """A function from the number of finished steps to a learning rate; Python numbers in and out."""

    def __call__(self, step: int) -> float:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


_MODULE = "keras.optimizers.schedules"


@exported(_MODULE)
class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate ^ (step / decay_steps)."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False,
                 name: str = "ExponentialDecay") -> None:  # fmt: skip
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase, self.name = decay_rate, staircase, name

    def __call__(self, step: int) -> float:
        passed = step / self.decay_steps
        return float(self.initial_learning_rate * self.decay_rate ** (math.floor(passed) if self.staircase else passed))


@exported(_MODULE)
class InverseTimeDecay(ExponentialDecay):
    """initial / (1 + decay_rate * step / decay_steps)."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False,
                 name: str = "InverseTimeDecay") -> None:  # fmt: skip
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: int) -> float:
        passed = step / self.decay_steps
        return float(self.initial_learning_rate
                     / (1 + self.decay_rate * (math.floor(passed) if self.staircase else passed)))  # fmt: skip


@exported(_MODULE)
class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] up to and including step boundaries[i], then the last value."""

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) + 1 != len(values):
            raise ValueError(f"{len(boundaries)} boundaries need {len(boundaries) + 1} values, not {len(values)}")
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: int) -> float:
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])


@exported(_MODULE)
class PolynomialDecay(LearningRateSchedule):
    """From initial to end in `decay_steps`, by the given power."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001,
                 power: float = 1.0, cycle: bool = False, name: str = "PolynomialDecay") -> None:  # fmt: skip
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name

    def __call__(self, step: int) -> float:
        steps: float = self.decay_steps
        if self.cycle:
            steps *= max(1, math.ceil(step / steps))
        left = 1 - min(step, steps) / steps
        return float((self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate)


@exported(_MODULE)
class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate to alpha times it, after an optional linear warm-up."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, alpha: float = 0.0, name: str = "CosineDecay",
                 warmup_target: float | None = None, warmup_steps: int = 0) -> None:  # fmt: skip
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.name, self.warmup_target, self.warmup_steps = name, warmup_target, warmup_steps

    def __call__(self, step: int) -> float:
        start = self.initial_learning_rate if self.warmup_target is None else self.warmup_target
        if self.warmup_target is not None and step < self.warmup_steps:
            share = step / self.warmup_steps
            return float(self.initial_learning_rate + share * (self.warmup_target - self.initial_learning_rate))
        passed = min(step - (self.warmup_steps if self.warmup_target is not None else 0), self.decay_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * passed / self.decay_steps))
        return float(start * ((1 - self.alpha) * cosine + self.alpha))


@exported(_MODULE)
class CosineDecayRestarts(LearningRateSchedule):
    """Loshchilov and Hutter 2016: cosine decay, started again after growing periods."""

    def __init__(self, initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0, m_mul: float = 1.0,
                 alpha: float = 0.0, name: str = "SGDRDecay") -> None:  # fmt: skip
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: int) -> float:
        period, passed, scale = float(self.first_decay_steps), float(step), 1.0
        while passed >= period:
            passed, period, scale = passed - period, period * self.t_mul, scale * self.m_mul
        cosine = 0.5 * scale * (1 + math.cos(math.pi * passed / period))
        return float(self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha))
