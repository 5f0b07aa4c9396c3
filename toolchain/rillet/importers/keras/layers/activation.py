"""Activation layers, and Softmax over any axis."""

from __future__ import annotations

import numpy as np

from ....ir import Tensor
from ....ops import GraphBuilder
from .. import activations
from ..emit import axes_of, transpose
from ..layer import Layer, handles


@handles("Activation")
def activation(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return activations.activate(layer, b, x, layer.get("activation"))


@handles("ReLU")
def relu(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    maximum = None if layer.get("max_value") is None else layer.number("max_value")
    return activations.relu(b, x, maximum, layer.number("negative_slope", 0.0), layer.number("threshold", 0.0))


@handles("ThresholdedReLU")
def thresholded_relu(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return activations.relu(b, x, None, 0.0, layer.number("theta", 1.0))


@handles("LeakyReLU")
def leaky_relu(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    key = "negative_slope" if "negative_slope" in layer.config else "alpha"
    return activations.leaky_relu(b, x, layer.number(key, 0.3))


@handles("ELU")
def elu(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return activations.elu(b, x, layer.number("alpha", 1.0))


@handles("PReLU", weights=("alpha",))
def prelu(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    shared = set(layer.get("shared_axes", []))
    shape = tuple(1 if i in shared else d for i, d in enumerate(x.shape[1:], 1))
    return b.op("PRELU", [x, layer.constant(b, "alpha", lambda: layer.weight("alpha", shape))])


@handles("Softmax")
def softmax(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    rank = len(x.shape)
    axes = axes_of(rank, layer.get("axis", -1))
    if len(axes) != 1:
        raise layer.error(f"softmax over axes {axes}; rillet imports it over one axis")
    if axes[0] == rank - 1:
        return b.op("SOFTMAX", [x], beta=1.0)
    perm = np.arange(rank)
    perm[[axes[0], rank - 1]] = perm[[rank - 1, axes[0]]]
    return transpose(b, b.op("SOFTMAX", [transpose(b, x, perm.tolist())], beta=1.0), perm.tolist())
