"""Convolutions: one and two dimensions, transposed, depthwise, separable. channels_last only."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...eager import array_ops, nn
from .. import activations, constraints, initializers, regularizers
from ..layer import LayerError, refuse
from ..registry import exported
from .core import WEIGHT_SETTINGS, Weighted


def pair(value: Any, rank: int) -> tuple[int, ...]:
    """One number for all dimensions, or one for each."""
    values = (int(value),) * rank if isinstance(value, int) else tuple(int(v) for v in value)
    if len(values) != rank or min(values) < 0:
        raise LayerError(f"{value} is no size for {rank} dimensions")
    return values


class Convolution(Weighted):
    """What all convolutions share: Keras's arguments and their checks."""

    rank = 2
    paddings: tuple[str, ...] = ("valid", "same")
    settings: tuple[str, ...] = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
                                 "groups", *WEIGHT_SETTINGS)  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse(type(self).__name__, kwargs, lora_rank=None, lora_alpha=None, quantization_config=None)
        super().__init__(**kwargs)
        self.filters, self.groups = int(filters or 0), int(groups)
        self.kernel_size, self.strides = pair(kernel_size, self.rank), pair(strides, self.rank)
        self.dilation_rate, self.padding = pair(dilation_rate, self.rank), padding.lower()
        self.data_format = data_format or "channels_last"
        if self.data_format != "channels_last":
            raise LayerError(f"layer '{self.name}': data_format {data_format}; rillet computes channels_last")
        if self.padding not in self.paddings:
            raise LayerError(f"layer '{self.name}': padding '{padding}'; it takes {' or '.join(self.paddings)}")
        self.set_weight_options(use_bias, activation, kernel_initializer, bias_initializer, kernel_regularizer,
                                bias_regularizer, kernel_constraint, bias_constraint)  # fmt: skip

    def channels_of(self, input_shape: Any) -> int:
        if len(input_shape) != self.rank + 2 or input_shape[-1] is None:
            raise LayerError(f"layer '{self.name}': its input is {input_shape}, not (batch, "
                             f"{'steps' if self.rank == 1 else 'height, width'}, channels)")  # fmt: skip
        channels = int(input_shape[-1])
        if channels % self.groups or self.filters % self.groups:
            raise LayerError(f"layer '{self.name}': {channels} channels to {self.filters} in {self.groups} groups")
        return channels

    def planar(self, size: tuple[int, ...]) -> tuple[int, int]:
        """A size in two dimensions; those of one dimension lie along the width."""
        return (1, size[0]) if self.rank == 1 else (size[0], size[1])

    def widen(self, x: Any) -> Any:
        """(n, steps, c) as (n, 1, steps, c), padded on the left where causal."""
        if self.rank == 2:
            return x
        if self.padding == "causal":
            x = array_ops.pad(x, [[0, 0], [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0], [0, 0]])
        return array_ops.expand_dims(x, 1)

    def narrow(self, y: Any) -> Any:
        return y if self.rank == 2 else array_ops.squeeze(y, [1])

    @property
    def operator_padding(self) -> str:
        return "SAME" if self.padding == "same" else "VALID"


@exported("keras.layers", "Convolution2D")
class Conv2D(Convolution):
    """activation(convolution(inputs, kernel) + bias)."""

    def build(self, input_shape: Any) -> None:
        channels = self.channels_of(input_shape)
        order = (3, 0, 1, 2) if self.rank == 2 else (2, 0, 1)
        self.kernel = self.add_kernel((*self.kernel_size, channels // self.groups, self.filters), order)
        self.bias = self.add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        fused, rest = activations.split(self.activation)
        kernel = self.kernel if self.rank == 2 else array_ops.expand_dims(self.kernel, 1)
        y = nn.conv2d(self.widen(inputs), kernel, self.planar(self.strides), self.operator_padding,
                      self.planar(self.dilation_rate), self.bias, "OHWI", fused)  # fmt: skip
        return rest(self.narrow(y))


@exported("keras.layers", "Convolution1D")
class Conv1D(Conv2D):
    """Convolution over steps; padding may be "causal"."""

    rank = 1
    paddings = ("valid", "same", "causal")


class _Transposed(Convolution):
    """Shared by the transposed convolutions."""

    settings = ("filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate",
                *WEIGHT_SETTINGS)  # fmt: skip

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", output_padding: Any = None,
        data_format: str | None = None, dilation_rate: Any = 1, activation: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, **kwargs)
        self.output_padding = None if output_padding is None else pair(output_padding, self.rank)
        if max(self.dilation_rate) > 1 or self.output_padding is not None:
            raise LayerError(f"layer '{self.name}': dilation_rate and output_padding are not supported here")

    def build(self, input_shape: Any) -> None:
        channels = self.channels_of(input_shape)
        order = (2, 0, 1, 3) if self.rank == 2 else (1, 0, 2)
        self.kernel = self.add_kernel((*self.kernel_size, self.filters, channels), order)
        self.bias = self.add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        x = self.widen(inputs)
        kernel = self.kernel if self.rank == 2 else array_ops.expand_dims(self.kernel, 1)
        size, stride = self.planar(self.kernel_size), self.planar(self.strides)
        spatial = [x.shape[1 + i] * stride[i] + (max(size[i] - stride[i], 0) if self.padding == "valid" else 0)
                   for i in range(2)]  # fmt: skip
        batch = x.shape[0]
        shape: Any = [batch, *spatial, self.filters]
        if batch is None:
            shape = array_ops.concat([array_ops.slice(array_ops.shape(x), [0], [1]),
                                      array_ops.constant([*spatial, self.filters])], 0)  # fmt: skip
        y = nn.conv2d_transpose(x, kernel, shape, stride, self.operator_padding, self.bias, "OHWI")
        return self.activation(self.narrow(y))


@exported("keras.layers", "Convolution2DTranspose")
class Conv2DTranspose(_Transposed):
    """The transpose of Conv2D: larger outputs."""


@exported("keras.layers", "Convolution1DTranspose")
class Conv1DTranspose(_Transposed):
    """The transpose of Conv1D."""

    rank = 1


def _no_bias(kernel: Any) -> Any:
    """Zeros: LiteRT's depthwise kernels crash on models without a bias."""
    return np.zeros(kernel.shape[-2] * kernel.shape[-1], np.float32)


@exported("keras.layers", "DepthwiseConvolution2D")
class DepthwiseConv2D(Convolution):
    """Each channel by itself, `depth_multiplier` outputs from each."""

    settings = ("kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate", "use_bias",
                "activation", "depthwise_initializer", "bias_initializer", "depthwise_regularizer", "bias_regularizer",
                "depthwise_constraint", "bias_constraint")  # fmt: skip

    def __init__(
        self, kernel_size: Any, strides: Any = 1, padding: str = "valid", depth_multiplier: int = 1,
        data_format: str | None = None, dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None, bias_regularizer: Any = None, depthwise_constraint: Any = None,
        bias_constraint: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(0, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
                         depthwise_initializer, bias_initializer, depthwise_regularizer, bias_regularizer,
                         depthwise_constraint, bias_constraint, **kwargs)  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer, self.depthwise_regularizer = self.kernel_initializer, self.kernel_regularizer
        self.depthwise_constraint = self.kernel_constraint

    def build(self, input_shape: Any) -> None:
        channels = self.channels_of(input_shape)
        self.kernel = self.add_kernel((*self.kernel_size, channels, self.depth_multiplier), None)
        self.bias = self.add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        fused, rest = activations.split(self.activation)
        x = self.widen(inputs)
        kernel = self.kernel if self.rank == 2 else array_ops.expand_dims(self.kernel, 0)
        bias = _no_bias(kernel) if self.bias is None else self.bias
        y = nn.depthwise_conv2d(x, kernel, self.planar(self.strides), self.operator_padding,
                                self.planar(self.dilation_rate), bias, activation=fused)  # fmt: skip
        return rest(self.narrow(y))


@exported("keras.layers", "DepthwiseConvolution1D")
class DepthwiseConv1D(DepthwiseConv2D):
    """Each channel by itself, over steps."""

    rank = 1


@exported("keras.layers", "SeparableConvolution2D")
class SeparableConv2D(Convolution):
    """A depthwise convolution, then one of size 1."""

    settings = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier",
                "use_bias", "activation", "depthwise_initializer", "pointwise_initializer", "bias_initializer",
                "depthwise_regularizer", "pointwise_regularizer", "bias_regularizer", "depthwise_constraint",
                "pointwise_constraint", "bias_constraint")  # fmt: skip

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, depth_multiplier: int = 1, activation: Any = None, use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform", pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
        bias_regularizer: Any = None, depthwise_constraint: Any = None, pointwise_constraint: Any = None,
        bias_constraint: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
                         depthwise_initializer, bias_initializer, depthwise_regularizer, bias_regularizer,
                         depthwise_constraint, bias_constraint, **kwargs)  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer, self.depthwise_regularizer = self.kernel_initializer, self.kernel_regularizer
        self.depthwise_constraint = self.kernel_constraint
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self.channels_of(input_shape)
        inner = channels * self.depth_multiplier
        ones = (1,) * self.rank
        order = (3, 0, 1, 2) if self.rank == 2 else (2, 0, 1)
        self.depthwise_kernel = self.add_kernel((*self.kernel_size, channels, self.depth_multiplier), None,
                                                "depthwise_kernel")  # fmt: skip
        self.pointwise_kernel = self.add_weight((*ones, inner, self.filters), self.pointwise_initializer,
                                                regularizer=self.pointwise_regularizer,
                                                constraint=self.pointwise_constraint, name="pointwise_kernel",
                                                order=order)  # fmt: skip
        self.bias = self.add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        fused, rest = activations.split(self.activation)
        depthwise, pointwise = self.depthwise_kernel.value(), self.pointwise_kernel.value()
        if self.rank == 1:
            depthwise, pointwise = array_ops.expand_dims(depthwise, 0), array_ops.expand_dims(pointwise, 1)
        y = nn.depthwise_conv2d(self.widen(inputs), depthwise, self.planar(self.strides), self.operator_padding,
                                self.planar(self.dilation_rate), _no_bias(depthwise))  # fmt: skip
        return rest(self.narrow(nn.conv2d(y, pointwise, 1, "VALID", 1, self.bias, "OHWI", fused)))


@exported("keras.layers", "SeparableConvolution1D")
class SeparableConv1D(SeparableConv2D):
    """A depthwise convolution over steps, then one of size 1."""

    rank = 1
