"""Normalizations (as multiply and add with constants where the statistics are known) and Rescaling."""

from __future__ import annotations

import numpy as np

from ....ir import Tensor
from ....ops import GraphBuilder
from ..emit import affine, axes_of, reduce, scalar, to_float
from ..layer import Layer, handles
from ..weights import Floats


@handles("BatchNormalization", weights=("gamma:scale", "beta:center", "moving_mean", "moving_variance"))
def batch_normalization(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    axes = axes_of(len(x.shape), layer.get("axis", -1))
    if len(axes) != 1 or x.shape[axes[0]] is None:
        raise layer.error(f"batch normalization of {x.shape} over axes {axes}; rillet imports it over one known axis")
    count = x.shape[axes[0]]
    assert count is not None
    shape = (count, *[1] * (len(x.shape) - 1 - axes[0]))

    def factors() -> tuple[Floats, Floats]:
        mean = layer.weight("moving_mean", (count,)).astype(np.float64)
        variance = layer.weight("moving_variance", (count,)).astype(np.float64)
        scale = 1 / np.sqrt(np.maximum(variance, 0) + layer.number("epsilon", 1e-3))
        if layer.get("scale", True):
            scale = scale * layer.weight("gamma", (count,))
        offset = -mean * scale
        if layer.get("center", True):
            offset = offset + layer.weight("beta", (count,))
        return scale.astype(np.float32).reshape(shape), offset.astype(np.float32).reshape(shape)

    scale = layer.constant(b, "scale", lambda: factors()[0])
    offset = layer.constant(b, "offset", lambda: factors()[1])
    return b.op("ADD", [b.op("MUL", [x, scale]), offset])


@handles("LayerNormalization", weights=("gamma:scale", "beta:center"))
def layer_normalization(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    if layer.get("rms_scaling", False):
        raise layer.error("rms_scaling=True is not imported")
    axes = axes_of(len(x.shape), layer.get("axis", -1))
    dims = x.static_shape
    stored = tuple(dims[a] for a in axes)
    shape = tuple(dims[a] if a in axes else 1 for a in range(min(axes), len(dims)))
    mean = reduce(b, "MEAN", x, axes, True)
    variance = reduce(b, "MEAN", b.op("SQUARED_DIFFERENCE", [x, mean]), axes, True)
    centred = b.op("SUB", [x, mean])
    y = b.op("MUL", [centred, b.op("RSQRT", [scalar(b, "ADD", variance, layer.number("epsilon", 1e-3))])])
    if layer.get("scale", True):
        y = b.op("MUL", [y, layer.constant(b, "gamma", lambda: layer.weight("gamma", stored).reshape(shape))])
    if layer.get("center", True):
        y = b.op("ADD", [y, layer.constant(b, "beta", lambda: layer.weight("beta", stored).reshape(shape))])
    return y


@handles("UnitNormalization")
def unit_normalization(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    squares = reduce(b, "SUM", b.op("MUL", [x, x]), axes_of(len(x.shape), layer.get("axis", -1)), True)
    return b.op("MUL", [x, b.op("RSQRT", [scalar(b, "MAXIMUM", squares, 1e-12)])])


@handles("Rescaling")
def rescaling(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    scale, offset = (_numbers(layer, key, default) for key, default in (("scale", 1.0), ("offset", 0.0)))
    return affine(b, to_float(b, x), scale, offset)


@handles("Normalization", weights=("mean", "variance"))
def normalization(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    x = to_float(b, x)
    dims = x.shape
    axes = [] if layer.config.get("axis", -1) is None else axes_of(len(dims), layer.get("axis", -1))
    if any(dims[a] is None for a in axes):
        raise layer.error(f"its input {dims} has unknown dimensions along axes {axes}; give input_shapes")
    wanted = tuple(dims[a] or 1 for a in axes)
    if layer.get("mean") is not None:
        given = [_numbers(layer, key, 0.0) for key in ("mean", "variance")]
    else:
        given = [layer.weight(key, wanted) for key in ("mean", "variance")]
    shape = tuple((dims[a] or 1) if a in axes else 1 for a in range(len(dims)))
    mean, variance = (np.broadcast_to(g, wanted).reshape(shape).astype(np.float64) for g in given)
    deviation = np.maximum(np.sqrt(variance), 1e-7)
    mean, deviation = (a.reshape(a.shape[min(axes, default=len(dims)) :]) for a in (mean, deviation))
    if layer.get("invert", False):
        return affine(b, x, deviation, mean)
    return affine(b, x, 1 / deviation, -mean / deviation)


def _numbers(layer: Layer, key: str, default: float) -> Floats:
    """A number or an array of numbers of the configuration."""
    value = layer.get(key, default)
    if isinstance(value, dict):
        value = value["config"]["value"]
    return np.asarray(value, np.float32)
