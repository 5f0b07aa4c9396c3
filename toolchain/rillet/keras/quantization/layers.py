"""Layers around layers: the same arithmetic on fake-quantized numbers.

What the converter computes in one operator is one layer here: a convolution, the batch normalization after it and
the activation after that. In training the normalization uses the batch's statistics and the weights are rounded
before it: scales per channel are proportional to the weights, so that rounding and folding may change places.
Otherwise weights are folded, then rounded, and so is the bias, as in the converted model.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ...eager import abs as absolute
from ...eager import call, convert_to_tensor, maximum, negative, reduce_max, reshape, rsqrt, stop_gradient
from ...eager import round as round_to_even
from .. import activations
from ..layer import Layer
from ..layers import BatchNormalization
from .ranges import Observer, Range

Function = Callable[[Any], Any]
_SMALLEST_UNIT = 1e-12  # where nothing was observed yet, or a channel's weights are 0


class Rounded(Layer):
    """A layer without weights whose outputs are rounded.

    Args:
        layer: what computes them.
        range: theirs. `observer` watches them in training; None where the range follows from others.
        activation: after the layer.
        in_training: round in training too.
    """

    def __init__(
        self,
        layer: Layer,
        range: Range,
        observer: Observer | None,
        activation: Function = activations.linear,
        in_training: bool = True,
    ) -> None:
        super().__init__(name=f"quantized_{layer.name}")
        self.layer, self.observer, self.activation, self.in_training = layer, observer, activation, in_training
        self._range = range
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.rounded(self.activation(self.layer.run(inputs, training=training)), training)

    def rounded(self, outputs: Any, training: bool) -> Any:
        if training and self.trainable and self.observer is not None:
            self.observer.run(outputs)
        return self._range.round(outputs) if self.in_training or not training else outputs


class RoundedWeights(Rounded):
    """A layer with a kernel on rounded weights, with what the converter folds and fuses into it.

    Args:
        layer: its activation is linear.
        normalization: after it.
        activation: after that.
        weight_bits: of the stored weights.
        inputs: the range of the layer's inputs.
    """

    def __init__(
        self,
        layer: Any,
        normalization: BatchNormalization | None,
        activation: Function,
        weight_bits: int,
        inputs: Range,
        range: Range,
        observer: Observer,
    ) -> None:
        super().__init__(layer, range, observer, activation)
        self.normalization, self.weight_bits = normalization, weight_bits
        self._inputs = inputs

    def call(self, inputs: Any, training: bool = False) -> Any:
        layer: Any = copy.copy(self.layer)  # its call reads kernel, bias and activation, which are others here
        norm = self.normalization
        kernel, bias = layer.kernel.value(), layer.bias
        layer.activation = self.activation
        if norm is not None and training and norm.trainable:
            layer.kernel, layer.activation = self._round_kernel(kernel)[0], activations.linear
            y = self.activation(norm.run(layer.call(inputs), training=True))
            return self.rounded(y, training)
        if norm is not None:
            gamma, beta = norm.affine()
            factor = rsqrt(norm.moving_variance.value() + norm.epsilon) * gamma
            kernel = kernel * reshape(factor, self._channel_shape)
            mean = norm.moving_mean.value()
            bias = beta - (mean if bias is None else mean - bias.value()) * factor
        layer.kernel, largest = self._round_kernel(kernel)
        if bias is not None:
            layer.bias = self._round_bias(convert_to_tensor(bias), largest)
        return self.rounded(layer.call(inputs), training)

    def _round_kernel(self, kernel: Any) -> tuple[Any, Any]:
        """Symmetric, a scale per output channel: rillet.quantize's grid for weights. Also each channel's largest."""
        shape = self._channel_shape
        others = [i for i, d in enumerate(shape) if d == 1 and kernel.shape[i] > 1]
        largest = reduce_max(absolute(stop_gradient(kernel)), others, True) if others else absolute(kernel)
        ranges = [negative(largest), largest]
        rounded = call("rillet.FAKE_QUANT", [kernel, *ranges], num_bits=self.weight_bits, narrow_range=True)
        return rounded, largest

    def _round_bias(self, bias: Any, largest: Any) -> Any:
        """In steps of the int32 sums: with weights of few bits, these are no small part of an output's step."""
        unit = self._inputs.step() * (reshape(largest, bias.shape) * (1.0 / (2 ** (self.weight_bits - 1) - 1)))
        unit = maximum(stop_gradient(unit), _SMALLEST_UNIT)
        return bias + stop_gradient(round_to_even(bias / unit) * unit - bias)

    @property
    def _channel_shape(self) -> list[int]:
        """What a value per output channel broadcasts as against the kernel, as it is stored."""
        layer: Any = self.layer
        stored = layer.kernel.shape
        if hasattr(layer, "depth_multiplier"):
            return [*(1,) * (len(stored) - 2), *stored[-2:]]
        return [stored[0], *(1,) * (len(stored) - 1)]
