"""Dense, Embedding, and the layers that do nothing at inference."""

from __future__ import annotations

import numpy as np

from ....ir import DType, Tensor
from ....ops import GraphBuilder
from ..activations import activate
from ..emit import cast, reshape
from ..layer import Layer, handles


@handles("Dense", weights=("kernel", "bias:use_bias"))
def dense(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    units = layer.integers("units", 1)[0]
    depth = x.shape[-1] if x.shape else None
    if depth is None:
        raise layer.error(f"the last dimension of its input {x.shape} is unknown; give input_shapes")
    kernel = layer.constant(b, "kernel", lambda: np.ascontiguousarray(layer.weight("kernel", (depth, units)).T))
    inputs = [x, kernel]
    if layer.get("use_bias", True):
        inputs.append(layer.constant(b, "bias", lambda: layer.weight("bias", (units,))))
    y = b.op("FULLY_CONNECTED", inputs, keep_num_dims=len(x.shape) > 2)
    return activate(layer, b, y, layer.get("activation"))


@handles("Embedding", weights=("embeddings",))
def embedding(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    if layer.get("mask_zero", False):
        raise layer.error("mask_zero=True makes later layers skip steps, which rillet does not import; set it to False")
    shape = (*layer.integers("input_dim", 1), *layer.integers("output_dim", 1))
    table = layer.constant(b, "embeddings", lambda: layer.weight("embeddings", shape))
    return b.op("GATHER", [table, cast(b, x, DType.INT32)], axis=0)


@handles(
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
    "Identity",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
)
def identity(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return x


@handles("Flatten", spatial=True)
def flatten(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    rest = 1
    for extent in x.static_shape[1:] if None not in x.shape[1:] else ():
        rest *= extent
    if None in x.shape[1:]:
        raise layer.error(f"its input {x.shape} has unknown dimensions; give input_shapes")
    return reshape(b, x, (x.shape[0], rest))
