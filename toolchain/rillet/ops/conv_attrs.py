"""Attributes that convolutions and their gradients share."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Activation, Attrs, DType, Padding


@dataclass
class Conv2DAttrs(Attrs):
    padding: Padding = Padding.SAME
    stride_w: int = 1
    stride_h: int = 1
    fused_activation_function: Activation = Activation.NONE
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1
    quantized_bias_type: DType = DType.FLOAT32


@dataclass
class DepthwiseConv2DAttrs(Attrs):
    padding: Padding = Padding.SAME
    stride_w: int = 1
    stride_h: int = 1
    depth_multiplier: int = 1
    fused_activation_function: Activation = Activation.NONE
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1
