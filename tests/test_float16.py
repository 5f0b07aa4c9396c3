"""Float16 constants behind a DEQUANTIZE: expanded while preparing where memory allows, else by a step."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import Activation, DType, Model
from rillet.ops import GraphBuilder

from . import sanitized


def two_layers(width: int) -> tuple[Model, np.ndarray, np.ndarray]:
    """relu(x w) w' with float16 weights; `w` is read by both layers. Returns model, input, expected output."""
    rng = np.random.default_rng(width)
    w = (rng.normal(size=(width, width)) / np.sqrt(width)).astype(np.float16)
    bias = rng.normal(size=width).astype(np.float16)
    b = GraphBuilder()
    x = b.input("x", (1, width))
    expanded = b.op("DEQUANTIZE", [b.constant(w)])
    expanded_bias = b.op("DEQUANTIZE", [b.constant(bias)])
    hidden = b.op("FULLY_CONNECTED", [x, expanded, expanded_bias], fused_activation_function=Activation.RELU)
    b.output(b.op("FULLY_CONNECTED", [hidden, expanded, None]))
    values = rng.normal(size=(1, width)).astype(np.float32)
    exact = w.astype(np.float64)
    expected = np.maximum(values @ exact.T + bias.astype(np.float64), 0) @ exact.T
    return Model([b.graph]), values, expected


@pytest.mark.parametrize("isa", ["scalar", "best"])
@pytest.mark.parametrize("width", [3, 16, 63, 400])
def test_two_layers(width: int, isa: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RILLET_ISA", isa)
    model, values, expected = two_layers(width)
    paths = [tmp_path / name for name in ("m.tflite", "in.bin", "out.bin")]
    paths[0].write_bytes(write_bytes(model))
    paths[1].write_bytes(values.tobytes())
    command = [str(sanitized.build() / "run_model"), "-i", str(paths[1]), "-o", str(paths[2]), str(paths[0])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.fromfile(paths[2], np.float32), expected[0], rtol=1e-4, atol=1e-4)


def test_types_are_what_the_test_says() -> None:
    model, _, _ = two_layers(3)
    assert model.main.ops[0].inputs[0].dtype is DType.FLOAT16
