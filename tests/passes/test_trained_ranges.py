"""Fake quantization in a graph becomes the integer model's ranges."""

from __future__ import annotations

import numpy as np
import pytest

import rillet
from rillet.ir import DType, Model, RilletError
from rillet.passes import record_trained_ranges

from .build import Net, kinds


def net(low: float = -2.0, high: float = 2.0) -> Model:
    """A FAKE_QUANT on the input, on the rounded weights, and on a convolution that is the output."""
    made = Net()
    x = made.op("FAKE_QUANT", [made.input("x", (1, 8, 8, 3))], min=-1.0, max=1.5, num_bits=8)
    weights = made.op("FAKE_QUANT", [made.weights(4, 3, 3, 3)], min=-1.0, max=1.0, num_bits=8, narrow_range=True)
    y = made.op("CONV_2D", [x, weights, made.weights(4)], stride_h=1, stride_w=1)
    ends = [made.constant(np.array(end, np.float32)) for end in (low, high)]
    made.output(made.op("rillet.FAKE_QUANT", [y, *ends], num_bits=8), "y")
    return Model([made.graph])


def test_ranges_move_to_the_tensors() -> None:
    model = net()
    assert record_trained_ranges(model) == 2
    assert kinds(model.main) == ["CONV_2D"]
    (x,), (y,) = model.main.inputs, model.main.outputs
    assert x.quantization is not None and y.quantization is not None and y.name == "y"
    assert (x.quantization.min.tolist(), x.quantization.max.tolist()) == ([-1.0], [1.5])
    assert (y.quantization.min.tolist(), y.quantization.max.tolist()) == ([-2.0], [2.0])


def test_no_calibration_data_are_needed() -> None:
    model = rillet.convert(net(), recipe="static_wi8_ai8")
    assert {t.dtype for t in model.main.tensors()} == {DType.INT8, DType.INT32}
    (y,) = model.main.outputs
    assert y.quantization is not None and y.quantization.scale[0] == np.float32(4 / 255)


def test_without_a_recipe_rounding_stays() -> None:
    assert "FAKE_QUANT" in kinds(rillet.convert(net()).main)


def test_an_empty_range_is_an_error() -> None:
    with pytest.raises(RilletError, match="has no range yet"):
        record_trained_ranges(net(0.0, 0.0))
