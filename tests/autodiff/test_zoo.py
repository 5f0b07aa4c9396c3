"""Gradients of real float models, by every converter's habits: slopes along a random direction of all weights."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.autodiff import GradientError, grad
from rillet.flatbuffer import read
from rillet.ir import DType, verify
from rillet.ops import GraphBuilder, evaluate
from rillet.passes import infer_shapes

from ..zoo import zoo

STEP = 1e-8  # deep networks have many kinks, and the direction should cross none


@pytest.mark.parametrize(
    "name",
    [
        "models/mlperf_tiny/anomaly/ad01_fp32",
        "models/mlperf_tiny/image_classification/resnet8_cifar10_float",
        "models/mobilenet_v1/mobilenet_v1_0.25_128",
        "models/tflite_micro/hello_world_float",
        "models/tfmot/base",
    ],
)
def test_slope_along_all_weights(name: str) -> None:
    graph = read(zoo(f"{name}.tflite")).main
    rng = np.random.default_rng(0)
    for tensor in graph.inputs:
        tensor.shape = tensor.start_shape
    for op in graph.ops:
        for tensor in op.outputs:
            tensor.shape = tensor.start_shape
    infer_shapes(graph)
    inputs = [rng.uniform(-1, 1, t.static_shape) for t in graph.inputs]
    b = GraphBuilder(graph)
    (y,) = graph.outputs
    weighted = b.op("MUL", [y, b.constant(rng.uniform(-1, 1, y.static_shape).astype(np.float32))])
    loss = b.op("SUM", [weighted, b.constant(np.arange(len(y.shape), dtype=np.int32))])
    weights = [t for t in graph.tensors() if t.is_constant and t.dtype is DType.FLOAT32 and t is not weighted]
    result = grad(graph, loss, weights)
    verify(result)
    outputs = list(evaluate(result, inputs, float64=True).values())[1:]
    slope, ends = 0.0, [0.0, 0.0]
    directions = [rng.normal(size=t.static_shape) * np.abs(t.data).mean() for t in weights]  # type: ignore[arg-type]
    for gradient, direction in zip(outputs, directions, strict=True):
        slope += float((gradient * direction).sum())
    graph.outputs = [loss]
    kept = [t.data for t in weights]
    for i, sign in enumerate((1, -1)):
        for tensor, value, direction in zip(weights, kept, directions, strict=True):
            assert value is not None
            tensor.data = value.astype(np.float64) + sign * STEP * direction
        ends[i] = float(evaluate(graph, inputs, float64=True)[loss.name])
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * STEP), slope, rtol=1e-4, atol=1e-8)


def test_an_operator_that_rillet_only_keeps_is_named() -> None:
    graph = read(zoo("models/mediapipe/selfie_segmentation.tflite")).main
    with pytest.raises(GradientError, match="no gradient goes through CUSTOM"):
        grad(graph, graph.outputs[0], [graph.inputs[0]])
