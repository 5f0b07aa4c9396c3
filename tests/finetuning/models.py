"""Small models and data to train."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import rillet
from rillet.finetune import LabelledArrays
from rillet.flatbuffer import write
from rillet.ir import Model
from rillet.ops import GraphBuilder

CLASSES = 3


def blobs(count: int = 120, seed: int = 0) -> LabelledArrays:
    """6 x 6 images with a bright corner; the class says which corner."""
    random = np.random.default_rng(seed)
    y = random.integers(0, CLASSES, count)
    x = random.normal(0, 0.3, (count, 6, 6, 1)).astype(np.float32)
    for image, label in zip(x, y, strict=True):
        row, column = divmod(int(label), 2)
        image[4 * row : 4 * row + 2, 4 * column : 4 * column + 2] += 1.0
    return x, y


def network(seed: int = 1, end: str = "SOFTMAX") -> Model:
    """Two convolutions (the second depthwise), two dense layers; untrained."""
    random = np.random.default_rng(seed)
    b = GraphBuilder()

    def weights(name: str, *shape: int) -> rillet.ir.Tensor:
        return b.constant((random.normal(0, 1, shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32), name)

    def bias(name: str, count: int) -> rillet.ir.Tensor:
        return b.constant(random.normal(0, 0.1, count).astype(np.float32), name)

    x = b.input("image", (1, 6, 6, 1))
    b.source = "conv"
    y = b.op("CONV_2D", [x, weights("conv/w", 8, 3, 3, 1), bias("conv/b", 8)], **_STRIDES)
    b.source = "depth"
    depth = b.constant(random.normal(0, 0.4, (1, 3, 3, 8)).astype(np.float32), "depth/w")
    y = b.op("DEPTHWISE_CONV_2D", [y, depth, bias("depth/b", 8)], depth_multiplier=1, **_STRIDES)
    y = b.op("RESHAPE", [y, b.constant(np.array([-1, 288], np.int32))], new_shape=(-1, 288))
    b.source = "hidden"
    y = b.op(
        "FULLY_CONNECTED", [y, weights("hidden/w", 16, 288), bias("hidden/b", 16)], fused_activation_function=_RELU
    )
    b.source = "head"
    y = b.op("FULLY_CONNECTED", [y, weights("head/w", CLASSES, 16), bias("head/b", CLASSES)])
    b.source = "end"
    b.output(b.op(end, [y], beta=1.0) if end == "SOFTMAX" else y)
    return Model([b.graph])


_RELU = rillet.ir.Activation.RELU
_STRIDES = {"stride_w": 1, "stride_h": 1, "padding": rillet.ir.Padding.SAME, "fused_activation_function": _RELU}


def integer_network() -> Model:
    """The same with int8 inside and at its ends."""
    return rillet.convert(network(), recipe="static_wi8_ai8", calibration=blobs(32, 5)[0])


def saved(model: Model, folder: Path, name: str = "model.tflite") -> Path:
    write(model, folder / name)
    return folder / name
