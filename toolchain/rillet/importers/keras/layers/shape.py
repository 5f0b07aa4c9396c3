"""Layers that move values or change their shape: padding, cropping, upsampling, reshaping, repeating."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....ir import Tensor
from ....ops import GraphBuilder
from ..emit import pad, reshape, transpose
from ..layer import Layer, handles


@handles("ZeroPadding1D", "ZeroPadding2D", spatial=True)
def zero_padding(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return pad(b, x, [(0, 0), *_sides(layer, "padding"), (0, 0)])


@handles("Cropping1D", "Cropping2D", spatial=True)
def cropping(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    sides = [(0, 0), *_sides(layer, "cropping"), (0, 0)]
    for extent, (before, after) in zip(x.shape, sides, strict=True):
        if extent is not None and before + after >= extent:
            raise layer.error(f"cropping {sides[1:-1]} leaves nothing of {x.shape}")
    begin = b.constant(np.array([before for before, _ in sides], np.int32))
    end = b.constant(np.array([-after for _, after in sides], np.int32))
    open_end = sum(1 << i for i, (_, after) in enumerate(sides) if after == 0)
    strides = b.constant(np.ones(len(sides), np.int32))
    return b.op("STRIDED_SLICE", [x, begin, end, strides], end_mask=open_end)


@handles("UpSampling1D", "UpSampling2D", spatial=True)
def upsampling(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    if layer.kind == "UpSampling1D":
        n, length, depth = x.shape
        y = _resize(layer, b, reshape(b, x, (n, 1, length, depth)), (1, layer.integers("size", 1, 2)[0]), "nearest")
        return reshape(b, y, (n, *y.shape[2:]))
    interpolation = layer.get("interpolation", "nearest")
    if interpolation == "bilinear" and layer.origin.version < (2, 3) and not layer.origin.tensorflow:
        raise layer.error("bilinear upsampling of Keras before 2.3 places pixels otherwise; save it with a newer Keras")
    factors = layer.integers("size", 2, 2)
    return _resize(layer, b, x, (factors[0], factors[1]), interpolation)


@handles("Resizing", spatial=True)
def resizing(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    if any(layer.get(key, False) for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")):
        raise layer.error("cropping, padding and antialiasing while resizing are not imported")
    size = (layer.integers("height", 1)[0], layer.integers("width", 1)[0])
    return _resize_to(layer, b, x, size, layer.get("interpolation", "bilinear"))


@handles("Reshape")
def target_reshape(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    target = [int(d) for d in layer.config["target_shape"]]
    if None not in x.shape[1:] and target.count(-1) == 1:
        total = int(np.prod(x.static_shape[1:] if x.shape[0] is not None else [d for d in x.shape if d is not None]))
        others = -int(np.prod(target))
        if others <= 0 or total % others:
            raise layer.error(f"{x.shape} does not reshape to {target}")
        target = [total // others if d == -1 else d for d in target]
    return reshape(b, x, (x.shape[0], *(None if d == -1 else d for d in target)))


@handles("Permute")
def permute(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    dims = layer.config["dims"]
    if sorted(dims) != list(range(1, len(x.shape))):
        raise layer.error(f"dims {dims} do not permute the {len(x.shape) - 1} axes of its input")
    return transpose(b, x, (0, *dims))


@handles("RepeatVector")
def repeat_vector(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    if len(x.shape) != 2:
        raise layer.error(f"its input {x.shape} is no vector")
    multiples = b.constant(np.array([1, *layer.integers("n", 1), 1], np.int32))
    return b.op("TILE", [reshape(b, x, (x.shape[0], 1, x.shape[1])), multiples])


def _resize(layer: Layer, b: GraphBuilder, x: Tensor, factors: tuple[int, int], interpolation: str) -> Tensor:
    if x.shape[1] is None or x.shape[2] is None:
        raise layer.error(f"its input {x.shape} has unknown dimensions; give input_shapes")
    return _resize_to(layer, b, x, (x.shape[1] * factors[0], x.shape[2] * factors[1]), interpolation)


def _resize_to(layer: Layer, b: GraphBuilder, x: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    kinds = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "bilinear": "RESIZE_BILINEAR"}
    if interpolation not in kinds:
        raise layer.error(f"interpolation '{interpolation}' is not imported; use nearest or bilinear")
    return b.op(kinds[interpolation], [x, b.constant(np.array(size, np.int32))], half_pixel_centers=True)


def _sides(layer: Layer, key: str) -> list[tuple[int, int]]:
    """(before, after) per spatial axis, from Keras' several ways to say it."""
    rank = 1 if layer.kind.endswith("1D") else 2
    value: Any = layer.get(key, 1)
    if rank == 1:
        value = [value]
    sides = [value] * rank if isinstance(value, int) else list(value)
    pairs = [(s, s) if isinstance(s, int) else tuple(s) for s in sides]
    if len(pairs) != rank or any(len(p) != 2 or not all(isinstance(v, int) and v >= 0 for v in p) for p in pairs):
        raise layer.error(f"'{key}' is {layer.get(key)!r}")
    return [(before, after) for before, after in pairs]
