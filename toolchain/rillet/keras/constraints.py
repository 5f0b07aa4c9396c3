"""What weights are brought back to after each step of an optimizer."""

from __future__ import annotations

from typing import Any

from ..eager.state import call
from .registry import deserialize, exported


class Constraint:
    """A function from a tensor to one of the same shape."""

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        return cls(**config)


def _norm(w: Any, axis: Any) -> Any:
    axes = [axis] if isinstance(axis, int) else list(axis)
    return call("SQRT", [call("SUM", [call("SQUARE", [w]), axes], keep_dims=True)])


_EPSILON = 1e-7


@exported("keras.constraints", "max_norm")
class MaxNorm(Constraint):
    """Norms along `axis` at most `max_value`."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        norm = _norm(w, self.axis)
        wanted = call("MINIMUM", [norm, norm * 0.0 + float(self.max_value)])
        return w * (wanted / (norm + _EPSILON))


@exported("keras.constraints", "non_neg")
class NonNeg(Constraint):
    """Nothing below 0."""

    def __call__(self, w: Any) -> Any:
        return call("RELU", [w])


@exported("keras.constraints", "unit_norm")
class UnitNorm(Constraint):
    """Norms along `axis` of 1."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (_norm(w, self.axis) + _EPSILON)


@exported("keras.constraints", "min_max_norm")
class MinMaxNorm(Constraint):
    """Norms along `axis` between two bounds, approached at `rate`."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        norm = _norm(w, self.axis)
        zero = norm * 0.0
        clipped = call("MINIMUM", [call("MAXIMUM", [norm, zero + self.min_value]), zero + self.max_value])
        wanted = clipped * self.rate + norm * (1.0 - self.rate)
        return w * (wanted / (norm + _EPSILON))


def get(identifier: Any) -> Any:
    """A constraint by name ("non_neg"), configuration or itself."""
    return deserialize(identifier, "keras.constraints")
