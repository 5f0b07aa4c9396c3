"""Observed values: the C runtime's and numpy's are the same tensors."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.ir import Activation, Model
from rillet.quantize import quantize_model
from rillet.quantize.observe import numpy_engine, observe, runtime_engine
from tests.passes.build import Net


def model() -> Model:
    net = Net()
    y = net.conv(net.input("x", (1, 8, 8, 3)), 8, fused_activation_function=Activation.RELU)
    y = net.op("ADD", [net.conv(y, 8), y])
    net.output(net.op("SOFTMAX", [net.op("FULLY_CONNECTED", [y, net.weights(4, 512)])], beta=1.0), "y")
    return Model([net.graph])


ROWS = np.random.default_rng(0).normal(size=(12, 8, 8, 3)).astype(np.float32)


@pytest.mark.parametrize("static", [False, True], ids=["float", "int8"])
def test_runtime_and_numpy_agree(static: bool) -> None:
    source = model()
    source = quantize_model(source, calibration=ROWS).model if static else source
    tensors = [t for t in source.main.tensors() if not t.is_constant]
    engine = runtime_engine(source, tensors, even_if_scalar=True)
    if engine is None:
        pytest.skip("the C runtime is not built")
    for row in ROWS[:3]:
        x = source.main.inputs[0]
        values = row[None] if x.quantization is None else x.quantization.quantize(row[None], x.dtype)
        sample = {x.name: values}
        pairs = zip(tensors, engine(sample), numpy_engine(source, tensors)(sample), strict=True)
        for tensor, ours, expected in pairs:
            # numpy computes integers through floats: a step more or less
            limit = 2 if static else 1e-5 * max(1.0, np.abs(expected).max())
            difference = np.abs(ours.astype(np.float64) - expected).max()
            assert difference <= limit, tensor


def test_other_shapes_go_to_numpy() -> None:
    net = Net()
    net.output(net.conv(net.input("x", (1, None, None, 3)), 2), "y")
    seen = []
    count = observe(
        Model([net.graph]),
        [{"x": np.zeros((1, n, 5, 3), np.float32)} for n in (4, 6)],
        net.graph.outputs,
        lambda t, v: seen.append(v.shape),
    )
    assert count == 2 and seen == [(1, 4, 5, 2), (1, 6, 5, 2)]
