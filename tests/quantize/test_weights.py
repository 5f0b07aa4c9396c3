"""Recipes that keep activations in float, and the per-layer error report."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Model, verify
from rillet.ops.evaluate import evaluate
from rillet.quantize import Calibration, Quantized, error_report, quantize_model
from tests.passes.build import Net, kinds

from .data import litert


def net() -> Net:
    net = Net()
    y = net.conv(net.input("x", (1, 8, 8, 3)), 64)
    y = net.op("RELU", [net.depthwise(y)])
    y = net.op("MEAN", [y, net.constant(np.array([1, 2], np.int32))])
    net.output(net.op("FULLY_CONNECTED", [y, net.weights(32, 64), net.weights(32)]), "y")
    return net


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, 8, 8, 3)).astype(np.float32)


def with_recipe(name: str) -> Quantized:
    result = quantize_model(Model([net().graph]), name)
    verify(result.model)
    return result


@pytest.mark.parametrize(
    ("recipe", "weights", "dequantized"),
    [("dynamic_wi8_afp32", DType.INT8, 0), ("weight_only_wi8_afp32", DType.INT8, 2), ("float16", DType.FLOAT16, 6)],
)
@pytest.mark.parametrize("reference", [True, False])
def test_weights_are_small_and_litert_agrees(recipe: str, weights: DType, dequantized: int, reference: bool) -> None:
    model = with_recipe(recipe).model
    assert kinds(model.main).count("DEQUANTIZE") == dequantized
    assert sum(t.dtype is weights for t in model.main.tensors() if t.is_constant) == (dequantized or 2)
    assert [t.dtype for t in (*model.main.inputs, *model.main.outputs)] == [DType.FLOAT32, DType.FLOAT32]
    data = rows(4)
    real = np.concatenate([evaluate(net().graph, [row[None]])["y"] for row in data])
    tolerance = 0.002 if weights is DType.FLOAT16 else 0.03
    np.testing.assert_allclose(
        litert(write_bytes(model), list(data), reference), real, atol=tolerance * np.abs(real).max()
    )


def test_a_value_beyond_float16_stays_float32() -> None:
    small = Net()
    weights = np.array([[1e6, 1.0]], np.float32)
    small.output(small.op("FULLY_CONNECTED", [small.input("x", (1, 2)), small.constant(weights)]), "y")
    model = quantize_model(Model([small.graph]), "float16").model
    assert kinds(model.main) == ["FULLY_CONNECTED"]


def test_error_report_names_the_worst_layers_first() -> None:
    graph = net().graph
    graph.ops[0].source = "first"
    result = quantize_model(Model([graph]), calibration=rows(32))
    report = error_report(result, Calibration(rows(4), graph.inputs))
    assert report.samples == 4 and len(report.layers) == 5
    ratios = [layer.sqnr_db for layer in report.layers]
    assert ratios == sorted(ratios) and 15 < ratios[0] < 60
    assert any(layer.layer == "first" and layer.kind == "CONV_2D" for layer in report.layers)
    assert report.to_text(2).count("\n") == 2
    assert json.loads(json.dumps(report.to_json()))["layers"][0]["scale"] > 0


def test_error_report_of_a_float_recipe() -> None:
    result = with_recipe("float16")
    report = error_report(result, Calibration(rows(2), net().graph.inputs))
    assert len(report.layers) == 5
    assert all(layer.sqnr_db > 50 for layer in report.layers)
