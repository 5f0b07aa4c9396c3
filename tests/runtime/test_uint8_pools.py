"""Average pools of uint8 models round as LiteRT's uint8 kernel does, halfway means included."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Model, Padding, Quantization
from rillet.ops.builder import GraphBuilder
from rillet.runtime import Interpreter

from .models import litert, run

WINDOWS = [(1, 1), (2, 2), (3, 2), (3, 3), (4, 4), (5, 6), (7, 7), (8, 8), (12, 12)]
SHAPE = (1, 13, 14, 5)


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "followed"])
@pytest.mark.parametrize("padding", list(Padding), ids=lambda p: p.name)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_uint8_average_pool_equals_litert(window: tuple[int, int], padding: Padding, alone: bool) -> None:
    rng = np.random.default_rng(window[0] * 100 + window[1])
    scale, zero_point = np.float32(rng.uniform(0.001, 0.1)), int(rng.integers(0, 256))
    quantization = Quantization(np.array([scale], np.float32), np.array([zero_point]))
    b = GraphBuilder()
    x = b.input("x", SHAPE, DType.UINT8)
    y = b.op(
        "AVERAGE_POOL_2D", [x], padding=padding, stride_w=1, stride_h=2, filter_width=window[1], filter_height=window[0]
    )
    b.output(y if alone else b.op("MAX_POOL_2D", [y], filter_width=1, filter_height=1))
    for tensor in b.graph.tensors():
        tensor.quantization = quantization
    data = write_bytes(Model(graphs=[b.graph]))
    values = rng.integers(0, 256, SHAPE).astype(np.uint8)
    results = []
    for interpreter in (Interpreter(model_content=data), litert(model_content=data)):
        interpreter.allocate_tensors()
        results.append(run(interpreter, [values])[0])
    np.testing.assert_array_equal(results[0], results[1])
