"""convert: the stages together, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rillet.conversion import convert, convert_and_report
from rillet.flatbuffer import read, tensor_order, write, write_bytes
from rillet.ir import OFFLINE_PLAN, DType, Model, RilletError
from rillet.memory import decode_offline_plan
from rillet.passes import optimize
from rillet.runtime import Plan
from tests.passes.build import Net, kinds
from tests.quantize.data import images_of
from tests.zoo import zoo


def model() -> Model:
    net = Net()
    y = net.conv(net.input("x", (None, 8, 8, 3)), 8, bias=False)
    y = net.op("RELU", [net.op("ADD", [net.op("MUL", [y, net.weights(8)]), net.weights(8)])])
    net.output(net.conv(y, 4, 1), "y")
    return Model([net.graph])


def samples() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(20, 8, 8, 3)).astype(np.float32)


def test_float_conversion_reports_passes_and_closeness() -> None:
    source = model()
    result, report = convert_and_report(source)
    assert kinds(result.main) == ["CONV_2D", "CONV_2D"] and len(source.main.ops) == 5
    assert report.rewrites == {"fold_affine": 2, "fuse_activation": 1}
    assert report.closeness is not None and report.closeness.relative_error < 1e-5
    assert report.macs_before == report.macs_after == 64 * 8 * (27 + 4)
    assert report.errors is None and report.model_bytes > 1000


def test_quantized_conversion_reports_errors() -> None:
    stages: list[str] = []
    result, report = convert_and_report(
        model(),
        recipe="static_wi8_ai8",
        calibration=samples(),
        progress=lambda stage, done, total: stages.append(stage),
    )
    assert result.main.inputs[0].dtype is DType.INT8
    assert report.samples == 20 and report.errors is not None and len(report.errors.layers) == 2
    assert {"import", "optimize", "calibrate", "errors"} <= set(stages)
    assert set(json.loads(json.dumps(report.to_json()))) >= {"seconds", "rewrites", "errors", "warnings"}


def test_paths_bytes_and_shapes(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    write(model(), path)
    assert kinds(convert(path.read_bytes()).main) == kinds(convert(str(path)).main) == ["CONV_2D", "CONV_2D"]
    shaped, report = convert_and_report(path, input_shapes={"x": (2, 8, 8, 3)})
    assert shaped.main.outputs[0].shape == (2, 8, 8, 4)
    assert report.source_bytes == path.stat().st_size
    with pytest.raises(RilletError, match="no input named 'z'"):
        convert(path, input_shapes={"z": (1,)})
    with pytest.raises(RilletError, match="does not fit"):
        convert(path, input_shapes={"x": (1, 9, 8, 3)})
    assert kinds(convert(path, optimize=False).main) == ["CONV_2D", "MUL", "ADD", "RELU", "CONV_2D"]


def test_quantize_is_convert_with_a_recipe(tmp_path: Path) -> None:
    small = convert(model(), recipe="static_wi8_ai8", calibration=samples(), io="float32")
    assert small.main.inputs[0].dtype is DType.FLOAT32 and "QUANTIZE" in kinds(small.main)
    half = convert(model(), recipe="float16")
    write(half, tmp_path / "half.tflite")
    assert "DEQUANTIZE" in kinds(read(tmp_path / "half.tflite").main)


def test_unknown_file_and_option_are_named() -> None:
    with pytest.raises(RilletError, match="no such file"):
        convert("nowhere.tflite")
    with pytest.raises(RilletError, match="speed"):
        convert(zoo("models/mlperf_tiny/visual_wake_words/vww_96_int8.tflite"), speed=3)


def test_a_float_tflite_file_becomes_int8() -> None:
    source = zoo("models/mlperf_tiny/visual_wake_words/vww_96_float.tflite")
    images = images_of("datasets/imagenet_sample/images120.zip", 16, (96, 96)) / 255
    result, report = convert_and_report(source, recipe="static_wi8_ai8", calibration=images)
    assert result.main.inputs[0].dtype is DType.INT8
    assert report.macs_after < 0.55 * report.macs_before  # channels whose weights quantize to zero are gone
    assert report.model_bytes < 0.3 * report.source_bytes


def test_the_memory_plan_travels_with_the_model_it_was_made_for() -> None:
    converted = convert(model())
    quantized = convert(converted, recipe="static_wi8_ai8", calibration=samples())
    for each in (converted, quantized):
        subgraph, offsets = decode_offline_plan(each.metadata[OFFLINE_PLAN], tensor_order(each.main))
        placed = {t for t in each.main.tensors() if not t.is_constant}
        assert subgraph == 0 and set(offsets) == placed
        assert {o % 16 for o in offsets.values()} == {0}
        # Several threads: one alone may find a smaller arena, in which results lie over inputs.
        prepared = Plan(write_bytes(each), isa="scalar", alignment=16, threads=2)
        order = tensor_order(each.main)
        assert {t: prepared.tensor(order.index(t)).arena_offset for t in placed} == offsets
    assert converted.metadata != quantized.metadata


def test_a_plan_is_dropped_with_the_graph_that_it_was_for() -> None:
    stale = model()
    stale.metadata[OFFLINE_PLAN] = b"stale"
    assert convert(stale, optimize=False).metadata == {OFFLINE_PLAN: b"stale"}
    assert not convert(stale, optimize=False, recipe="weight_only_wi8_afp32").metadata
    assert not convert(stale, optimize=False, input_shapes={"x": (2, 8, 8, 3)}).metadata
    assert optimize(stale)["fuse_activation"] == 1 and not stale.metadata
    stale.graphs.append(model().main)
    assert not convert(stale).metadata
