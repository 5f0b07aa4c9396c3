"""Real models with int16 activations on emulated cores: fast kernels for all layers of weights, and the scalar bits."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import open_firmware
from rillet.boards.target import build_target, prepare_target
from rillet.flatbuffer import read, write_bytes
from rillet.quantize import quantize_model
from rillet.runtime import Plan, Session
from tests.boards.tools import need_tools
from tests.zoo import zoo

MODELS = {
    "ad": ("models/mlperf_tiny/anomaly/ad01_fp32.tflite", 5.0),
    "resnet8": ("models/mlperf_tiny/image_classification/resnet8_cifar10_float.tflite", 1.0),
}


CASES = [("ad", board) for board in ("mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547")]
CASES += [("resnet8", board) for board in ("mps2-an386", "mps3-an547")]


@functools.cache
def quantized(name: str) -> bytes:
    path, largest = MODELS[name]
    source = read(zoo(path).read_bytes())
    rng = np.random.default_rng(0)
    shape = [4, *(int(n or 1) for n in source.main.inputs[0].shape[1:])]
    samples = rng.uniform(-largest, largest, shape).astype(np.float32)
    made = quantize_model(source, "static_wi8_ai16", calibration=samples, method="minmax", rounding="nearest")
    return write_bytes(made.model)


@pytest.mark.parametrize(("name", "board"), CASES)
def test_int16_models_on_emulated_cores(name: str, board: str, tmp_path: Path) -> None:
    need_tools(board)
    target = prepare_target(quantized(name), board)
    assert "window_s16" not in {step.kernel for step in target.plan.steps}
    host = Session(Plan(target.data, isa="scalar"))
    rng = np.random.default_rng(1)
    host.inputs[0][...] = rng.integers(-(2**15), 2**15, host.inputs[0].shape)
    with open_firmware(build_target(target, tmp_path)) as device:
        device.set_input(0, np.array(host.inputs[0]))
        host.invoke()
        device.run()
        np.testing.assert_array_equal(device.output(0), host.outputs[0])
