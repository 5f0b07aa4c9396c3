"""Winograd's minimal filtering: shapes at its edges, its error beside that of plain sums, and the tolerance option."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Padding, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Interpreter, Plan, Session, native

from ..ops.case import Case
from ..ops.harness import OneOp
from ..ops.run_c import Guarded
from ..zoo import zoo
from .test_isa_equality import Rng, fused, value, weights

F32 = DType.FLOAT32
VECTOR_ISAS = [name for name in native.cpu_isa() if name in ("avx2", "avx512vnni")]
# Tolerances that allow plain sums only, F(2x2, 3x3), and F(4x4, 3x3) too: docs/numerics.md.
PLAIN, SMALL, LARGE = 0.0, 2e-6, 1e-5
MODELS = [
    "models/mlperf_tiny/image_classification/resnet8_cifar10_float.tflite",
    "models/mlperf_tiny/image_classification/resnet_large_cifar10_float.tflite",
]


def random_conv(rng: Rng) -> OneOp:
    """Tiles that hang over each edge, channels that fill no vector, several images, several chunks of tiles."""
    height, width = (int(n) for n in rng.integers(3, 40, 2))
    in_c, out_c = int(rng.integers(8, 90)), int(rng.integers(8, 90))
    operands = [
        value(rng, "input", (int(rng.choice([1, 3])), height, width, in_c), F32),
        weights(rng, (out_c, 3, 3, in_c), 0, F32),
        Tensor("bias", (out_c,), F32, data=rng.uniform(-1, 1, out_c).astype(np.float32)),
    ]
    padding = Padding(int(rng.integers(0, 2)))
    op = Op("CONV_2D", operands, [], opdef("CONV_2D").attrs(stride_h=1, stride_w=1, padding=padding, **fused(rng)))
    ((shape, _),) = opdef("CONV_2D").infer(op)
    op.outputs = [value(rng, "output", shape, F32)]
    model = Model([Graph("main", operands[:1], op.outputs, [op])])
    return OneOp(
        Case("CONV_2D", "random", []), "plain", model, [rng.uniform(-1, 1, operands[0].shape).astype(np.float32)]
    )


@pytest.mark.skipif(not VECTOR_ISAS, reason="this CPU has no vectors that the kernel is written for")
def test_random_shapes_agree_with_scalar() -> None:
    chosen: set[str] = set()
    for seed in range(60):
        one = random_conv(np.random.default_rng(seed))
        scalar, close = Guarded(one, "scalar"), 4e-6 * (9 * one.inputs[0].shape[-1]) ** 0.5  # of what sums may reach
        scalar.invoke()
        (wanted,) = scalar.outputs()
        for isa in VECTOR_ISAS:
            for tolerance in (SMALL, LARGE):
                data = write_bytes(one.model)
                what = f"seed {seed} {isa} {tolerance}: {one.op.inputs} {one.op.attrs}"
                results = [_run(data, one.inputs, isa, tolerance, threads) for threads in (1, 3)]
                np.testing.assert_allclose(results[0][0], wanted, rtol=1e-5, atol=close, err_msg=what)
                np.testing.assert_array_equal(results[1][0], results[0][0], err_msg=what + " on 3 threads")
                chosen.add(results[0][1])
        fast = Guarded(one, VECTOR_ISAS[-1])
        fast.invoke()
        np.testing.assert_allclose(fast.outputs()[0], wanted, rtol=1e-5, atol=close)
    assert {f"conv_2d_winograd_f32_{isa}" for isa in VECTOR_ISAS} <= chosen


def _run(data: bytes, inputs: list[NDArray[Any]], isa: str, tolerance: float, threads: int) -> tuple[NDArray[Any], str]:
    plan = Plan(data, isa=isa, keep_inputs=True, threads=threads, float_tolerance=tolerance)
    session = Session(plan, threads)
    for view, array in zip(session.inputs, inputs, strict=True):
        view[...] = array
    session.invoke()
    return session.outputs[0].copy(), plan.steps[-1].kernel


@pytest.mark.skipif(not VECTOR_ISAS, reason="this CPU has no vectors that the kernel is written for")
@pytest.mark.parametrize("name", MODELS)
def test_layers_of_real_models_stay_within_the_stated_error(name: str) -> None:
    """Each layer's error against float64, on the layer's own input; with a tolerance of 0 nothing but sums runs."""
    path, largest = zoo(name), {}
    image = np.random.default_rng(1).uniform(0, 1, (1, 32, 32, 3)).astype(np.float32)
    for tolerance in (PLAIN, SMALL, LARGE):
        interpreter = Interpreter(
            path, experimental_preserve_all_tensors=True, float_tolerance=tolerance, optimize=False
        )
        interpreter.allocate_tensors()
        kernels = {step.kernel for step in interpreter._main.session.plan.steps}
        assert any("winograd" in kernel for kernel in kernels) == (tolerance > 0)
        interpreter.set_tensor(
            interpreter.get_input_details()[0]["index"], image * 255 if "large" not in name else image
        )
        interpreter.invoke()
        largest[tolerance] = max(_errors(interpreter))
    assert largest[PLAIN] < 1e-6
    assert largest[SMALL] < 1e-6
    assert largest[LARGE] < 3e-6


def _errors(interpreter: Interpreter) -> list[float]:
    errors = []
    for op in interpreter._get_ops_details():
        if op["op_name"] != "CONV_2D":
            continue
        x, w, b = (interpreter.get_tensor(int(i)).astype(np.float64) for i in op["inputs"])
        got = interpreter.get_tensor(int(op["outputs"][0]))
        if w.shape[1:3] != (3, 3) or got.shape[1] != x.shape[1]:
            continue
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
        exact = np.einsum("nyxcij,oijc->nyxo", views, w, optimize=True) + b
        if got.min() >= 0:
            exact = np.maximum(exact, 0)
        errors.append(float(np.abs(got - exact).max() / np.abs(exact).max()))
    return errors
