"""Penalties on weights, added to the loss."""

from __future__ import annotations

from typing import Any

from ..eager.state import call
from .registry import deserialize, exported


class Regularizer:
    """A function from a tensor to a scalar."""

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        return cls(**config)


def _sum(x: Any) -> Any:
    return call("SUM", [x, list(range(len(x.shape)))], keep_dims=False)


@exported("keras.regularizers", "l1_l2")
class L1L2(Regularizer):
    """l1 * sum|x| + l2 * sum x^2."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = float(l1 or 0.0), float(l2 or 0.0)

    def __call__(self, x: Any) -> Any:
        absolute, square = _sum(call("ABS", [x])), _sum(call("SQUARE", [x]))
        return absolute * self.l1 + square * self.l2


@exported("keras.regularizers", "l1")
class L1(Regularizer):
    """l1 * sum|x|."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = float(l1)

    def __call__(self, x: Any) -> Any:
        return _sum(call("ABS", [x])) * self.l1


@exported("keras.regularizers", "l2")
class L2(Regularizer):
    """l2 * sum x^2."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = float(l2)

    def __call__(self, x: Any) -> Any:
        return _sum(call("SQUARE", [x])) * self.l2


def get(identifier: Any) -> Any:
    """A regularizer by name ("l2"), configuration or itself."""
    return deserialize(identifier, "keras.regularizers")
