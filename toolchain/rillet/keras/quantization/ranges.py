"""Ranges of activations: observed where a layer computes values, and shared where the quantizer needs one scale."""

from __future__ import annotations

from typing import Any

from ...eager import call, convert_to_tensor, maximum, minimum, reduce_max, reduce_min, stop_gradient
from ..layer import Layer

_ACTIVATION_BITS = 8


class Observer(Layer):
    """Moving averages of the smallest and the largest value of each batch.

    The first batches count equally: with n batches seen, the next one's share is 1 / (n + 1), until that falls to
    1 - momentum. So there is no start value to forget.
    """

    def __init__(self, momentum: float, name: str) -> None:
        super().__init__(name=name)
        self.most = 1.0 / max(1.0 - momentum, 1e-6)
        self.low = self.add_weight((), "zeros", trainable=False, name="low")
        self.high = self.add_weight((), "zeros", trainable=False, name="high")
        self.batches = self.add_weight((), "zeros", trainable=False, name="batches")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Takes a batch into account."""
        x, axes = stop_gradient(inputs), list(range(len(inputs.shape)))
        count = minimum(self.batches.value() + 1.0, self.most)
        self.batches.assign(count)
        for average, batch in ((self.low, reduce_min(x, axes)), (self.high, reduce_max(x, axes))):
            average.assign(average.value() + (batch - average.value()) / count)
        return inputs


class Range:
    """The range of tensors that share one scale: what spans all their observers' averages, or a fixed one.

    Args:
        observers: of the tensors; or `fixed`: lowest and highest value of the type's 256 steps.
    """

    def __init__(self, *observers: Observer, fixed: tuple[float, float] | None = None) -> None:
        self.observers, self.fixed = list(observers), fixed
        self._joined: Range | None = None

    @classmethod
    def of_operator(cls, scale: float, zero_point: int) -> Range:
        """The range of an operator whose int8 output has a scale of its own."""
        return cls(fixed=((-128 - zero_point) * scale, (127 - zero_point) * scale))

    @property
    def whole(self) -> Range:
        """This range, or what it has been joined to."""
        return self if self._joined is None else self._joined.whole

    def join(self, other: Range) -> None:
        """Both are one range from here on."""
        mine, its = self.whole, other.whole
        if mine is not its:
            mine.observers += its.observers
            its._joined = mine

    def round(self, x: Any) -> Any:
        """The values on the int8 grid; as they are where nothing was observed yet."""
        return call("rillet.FAKE_QUANT", [x, *self._ends()], num_bits=_ACTIVATION_BITS)

    def step(self) -> Any:
        """The scale of the int8 values; 0 where nothing was observed yet."""
        low, high = self._ends()
        return (maximum(high, 0.0) - minimum(low, 0.0)) * (1.0 / (2**_ACTIVATION_BITS - 1))

    def _ends(self) -> tuple[Any, Any]:
        whole = self.whole
        if whole.fixed is not None:
            return convert_to_tensor(whole.fixed[0]), convert_to_tensor(whole.fixed[1])
        low, high = whole.observers[0].low.value(), whole.observers[0].high.value()
        for observer in whole.observers[1:]:
            low, high = minimum(low, observer.low.value()), maximum(high, observer.high.value())
        return low, high
