"""QUANTIZE in its SIMD forms against the scalar ones, bit for bit: halves, huge values, values that are not numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.ir import DType, Graph, Model, Op, Quantization, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import native

from ..ops.case import Case
from ..ops.harness import OneOp
from ..ops.run_c import Guarded
from .test_isa_equality import Rng, run_threads

INTEGERS = [DType.INT8, DType.UINT8, DType.INT16, DType.INT32]
SPECIAL = [0.0, -0.0, 1e-45, 0.49999997, 3e6, -3e6, 8388609.0, 3e38, -3e38, np.inf, -np.inf, np.nan]
pytestmark = pytest.mark.parametrize("isa", [name for name in native.cpu_isa() if name != "scalar"])


def per_tensor(rng: Rng, dtype: DType) -> Quantization:
    limits = np.iinfo(dtype.numpy)
    is_symmetric = dtype in (DType.INT16, DType.INT32)
    zero_point = 0 if is_symmetric else int(rng.integers(limits.min, limits.max, endpoint=True))
    return Quantization.per_tensor(float(np.float32(rng.choice([0.25, 1.0, rng.uniform(1e-3, 0.1)]))), zero_point)


def assert_equal(source: Tensor, to: Tensor, values: NDArray[Any], isa: str) -> None:
    model = Model([Graph("main", [source], [to], [Op("QUANTIZE", [source], [to], opdef("QUANTIZE").attrs())])])
    one = OneOp(Case("QUANTIZE", "plain", []), "plain", model, [values])
    runs = [Guarded(one, level) for level in ("scalar", isa)]
    for run in runs:
        run.invoke()
    (wanted,), (got,) = (run.outputs() for run in runs)
    what = f"{source} {to} {runs[1].plan.steps[0].kernel}"
    np.testing.assert_array_equal(got, wanted, err_msg=what)
    np.testing.assert_array_equal(run_threads(one, isa, 3)[0], wanted, err_msg=what + " on 3 threads")


@pytest.mark.parametrize("dtype", INTEGERS[:3])
def test_floats(dtype: DType, isa: str) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shape = (int(rng.integers(1, 4)), 5, int(rng.choice([1, 7, 16, 40, 1000 * seed + 1])))
        quantization = per_tensor(rng, dtype)
        if dtype is DType.INT8 and seed % 2:
            scales = rng.uniform(1e-3, 1.0, 5).astype(np.float32)
            quantization = Quantization(scales, np.zeros(5, np.int64), 1)
        halves = rng.integers(-600, 600, shape) * 0.5 * quantization.scale[0]
        values = np.where(rng.random(shape) < 0.1, rng.choice(SPECIAL, shape), halves).astype(np.float32)
        to = Tensor("output", shape, dtype, quantization)
        assert_equal(Tensor("input", shape, DType.FLOAT32), to, values, isa)


@pytest.mark.parametrize("to", INTEGERS)
@pytest.mark.parametrize("source", INTEGERS)
def test_integers(source: DType, to: DType, isa: str) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        shape, limits = (int(rng.choice([1, 7, 33, 3000, 20001])),), np.iinfo(source.numpy)
        values = rng.integers(limits.min, limits.max, shape, source.numpy, endpoint=True)
        operands = [Tensor(str(t), shape, t, per_tensor(rng, t)) for t in (source, to)]
        assert_equal(operands[0], operands[1], values, isa)
