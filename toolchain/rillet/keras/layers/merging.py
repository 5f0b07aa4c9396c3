"""Layers of several inputs, and the activations that are layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...eager import array_ops, cast, logical_and, logical_or, matmul, maximum, minimum, nn, reduce_any, where
from .. import activations, constraints, initializers, regularizers
from ..layer import LayerError
from ..registry import exported
from .core import Configured


class _Merge(Configured):
    """One function of two, applied from left to right."""

    supports_masking = True

    def combine(self, x: Any, y: Any) -> Any:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where any of the masks is, if all inputs have one."""
        if mask is None or any(m is None for m in mask):
            return None
        result = mask[0]
        for each in mask[1:]:
            result = logical_or(result, each)
        return result

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise LayerError(f"layer '{self.name}': {type(self).__name__} takes a list of at least two inputs")
        result = inputs[0]
        for each in inputs[1:]:
            result = self.combine(result, each)
        return result


@exported("keras.layers")
class Add(_Merge):
    """The sum of the inputs."""

    def combine(self, x: Any, y: Any) -> Any:
        return x + y


@exported("keras.layers")
class Subtract(_Merge):
    """The first input less the second."""

    def combine(self, x: Any, y: Any) -> Any:
        return x - y


@exported("keras.layers")
class Multiply(_Merge):
    """The product of the inputs."""

    def combine(self, x: Any, y: Any) -> Any:
        return x * y


@exported("keras.layers")
class Maximum(_Merge):
    """The largest of the inputs, element by element."""

    def combine(self, x: Any, y: Any) -> Any:
        return maximum(x, y)


@exported("keras.layers")
class Minimum(_Merge):
    """The smallest of the inputs, element by element."""

    def combine(self, x: Any, y: Any) -> Any:
        return minimum(x, y)


@exported("keras.layers")
class Average(Add):
    """The mean of the inputs."""

    def call(self, inputs: Any) -> Any:
        return super().call(inputs) * (1.0 / len(inputs))


@exported("keras.layers")
class Concatenate(Configured):
    """The inputs side by side along `axis`."""

    supports_masking = True

    settings = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return array_ops.concat(list(inputs), self.axis % len(inputs[0].shape))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where any feature is one that counts; inputs without mask count everywhere."""
        if mask is None:
            return None
        wide = [array_ops.ones_like(x, np.bool_) for x in inputs]
        wide = [x if m is None else logical_and(x, array_ops.expand_dims(m, -1))
                for x, m in zip(wide, mask, strict=True)]  # fmt: skip
        return reduce_any(array_ops.concat(wide, self.axis % len(inputs[0].shape)), -1)


@exported("keras.layers")
class Dot(Configured):
    """Products of two inputs summed along `axes`, batch by batch."""

    supports_masking = True

    settings = ("axes", "normalize")

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axes, self.normalize = axes, normalize

    def call(self, inputs: Any) -> Any:
        x, y = inputs
        a, b = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        a, b = a % len(x.shape), b % len(y.shape)
        if self.normalize:
            x, y = nn.l2_normalize(x, a), nn.l2_normalize(y, b)
        if len(x.shape) == len(y.shape) == 2:
            return array_ops.expand_dims(_sum_last(x * y), -1)
        if len(x.shape) != 3 or len(y.shape) != 3:
            raise LayerError(f"layer '{self.name}': inputs {x.shape} and {y.shape}; Dot takes matrices or vectors")
        return matmul(x, y, transpose_a=a == 1, transpose_b=b == 2)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: what is summed over has no steps left."""
        return None


def _sum_last(x: Any) -> Any:
    from ...eager import reduce_sum

    return reduce_sum(x, -1)


def _function(layer: type[Configured]) -> Callable[..., Any]:
    """The layer as a function of a list of inputs."""

    def merge(inputs: Any, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__doc__ = layer.__doc__
    return merge


add, subtract, multiply, average, maximum_of, minimum_of, concatenate = (
    _function(layer) for layer in (Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate)
)


@exported("keras.layers")
class ReLU(Configured):
    """max(x, 0), with Keras's options."""

    supports_masking = True

    settings = ("max_value", "negative_slope", "threshold")

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.max_value, self.negative_slope = max_value, negative_slope or 0.0
        self.threshold = threshold or 0.0

    def call(self, inputs: Any) -> Any:
        if self.max_value == 6 and not self.negative_slope and not self.threshold:
            return nn.relu6(inputs)
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


@exported("keras.layers")
class LeakyReLU(Configured):
    """x, and negative_slope * x below 0."""

    supports_masking = True

    settings = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = negative_slope

    def call(self, inputs: Any) -> Any:
        return nn.leaky_relu(inputs, self.negative_slope)


@exported("keras.layers")
class ELU(Configured):
    """x, and alpha * (exp(x) - 1) below 0."""

    supports_masking = True

    settings = ("alpha",)

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, self.alpha)


@exported("keras.layers")
class Softmax(Configured):
    """exp(x) / sum(exp(x)) along `axis`."""

    supports_masking = True

    settings = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return nn.softmax(inputs, self.axis)
        if mask.ndim != inputs.ndim:
            raise LayerError(f"layer '{self.name}': a mask of shape {mask.shape} for inputs {inputs.shape}")
        return nn.softmax(where(mask, inputs, inputs * 0.0 - 1e9), self.axis) * cast(mask, np.float32)


@exported("keras.layers")
class PReLU(Configured):
    """x, and a trained slope below 0, one per element or shared along axes."""

    supports_masking = True

    settings = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")

    def __init__(self, alpha_initializer: Any = "Zeros", alpha_regularizer: Any = None, alpha_constraint: Any = None,
                 shared_axes: Any = None, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes

    def build(self, input_shape: Any) -> None:
        shape = [1 if i + 1 in (self.shared_axes or ()) else d for i, d in enumerate(input_shape[1:])]
        self.alpha = self.add_weight(shape, self.alpha_initializer, regularizer=self.alpha_regularizer,
                                     constraint=self.alpha_constraint, name="alpha")  # fmt: skip

    def call(self, inputs: Any) -> Any:
        return nn.relu(inputs) - self.alpha.value() * nn.relu(inputs * -1.0)
