"""Small int8 models that differ by their weights."""

from __future__ import annotations

import numpy as np

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Model, Quantization
from rillet.ops.builder import GraphBuilder


def float_model() -> bytes:
    """y = x + x."""
    b = GraphBuilder()
    x = b.input("x", (4,))
    b.output(b.op("ADD", [x, x]))
    return write_bytes(Model(graphs=[b.graph]))


def dense_int8(seed: int, inputs: int = 40, outputs: int = 24) -> bytes:
    """One FULLY_CONNECTED layer with random weights, as .tflite."""
    rng = np.random.default_rng(seed)
    b = GraphBuilder()
    x = b.input("x", (1, inputs), DType.INT8)
    weights = b.constant(rng.integers(-127, 128, (outputs, inputs)).astype(np.int8))
    bias = b.constant(rng.integers(-5000, 5000, outputs).astype(np.int32))
    y = b.op("FULLY_CONNECTED", [x, weights, bias])
    b.output(y)
    for tensor, scale in ((x, 0.02), (weights, 0.01), (bias, 0.02 * 0.01), (y, 0.1)):
        tensor.quantization = Quantization(np.array([scale], np.float32), np.array([0]))
    return write_bytes(Model(graphs=[b.graph]))
