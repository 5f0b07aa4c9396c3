"""Random float operators in their SIMD forms against the scalar ones; the number of threads must change no bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rillet.ir import DType, Graph, Model, Op, Padding, Quantization, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import native

from ..ops.case import Case
from ..ops.harness import OneOp
from ..ops.run_c import Guarded
from .test_isa_equality import Rng, assert_same, bias, channels, drawn, fused, run_threads, value, weights

SEEDS = 20
F32 = DType.FLOAT32


def int8_weights(rng: Rng, shape: tuple[int, ...], axis: int) -> Tensor:
    scales = rng.uniform(0.002, 0.02, shape[axis] if rng.integers(0, 2) else 1).astype(np.float32)
    quantization = Quantization(scales, np.zeros(scales.size, np.int64), axis if scales.size > 1 else 0)
    return Tensor("weights", shape, DType.INT8, quantization, rng.integers(-127, 128, shape).astype(np.int8))


def large_conv(rng: Rng) -> Op:
    """Enough work that it is split, and rows that need several bands."""
    in_c, out_c, kernel = int(rng.choice([3, 16, 40])), channels(rng), int(rng.choice([1, 3, 5]))
    operands = [
        value(rng, "input", (int(rng.choice([1, 2])), 40, int(rng.integers(8, 60)), in_c), F32),
        weights(rng, (out_c, kernel, kernel, in_c), 0, F32),
        bias(rng, out_c, F32),
    ]
    stride, padding = int(rng.choice([1, 2])), Padding(int(rng.integers(0, 2)))
    return Op(
        "CONV_2D", operands, [], opdef("CONV_2D").attrs(stride_h=stride, stride_w=stride, padding=padding, **fused(rng))
    )


def large_depthwise(rng: Rng) -> Op:
    """Both group sizes, edges on either side, each specialized width of the window and the general one."""
    in_c, kernel = channels(rng), [int(k) for k in rng.choice([1, 3, 3, 5, 7], 2)]
    operands = [
        value(rng, "input", (1, 24, int(rng.integers(7, 60)), in_c), F32),
        weights(rng, (1, *kernel, in_c), 3, F32),
        bias(rng, in_c, F32),
    ]
    stride, padding = int(rng.choice([1, 2])), Padding(int(rng.integers(0, 2)))
    attrs = opdef("DEPTHWISE_CONV_2D").attrs(
        stride_h=stride, stride_w=stride, padding=padding, depth_multiplier=1, **fused(rng)
    )
    return Op("DEPTHWISE_CONV_2D", operands, [], attrs)


def wide_layer(rng: Rng) -> Op:
    """One row: threads share units, not rows."""
    depth, units = int(rng.integers(1, 700)), int(rng.integers(200, 1100))
    operands = [
        value(rng, "input", (int(rng.choice([1, 1, 3])), depth), F32),
        weights(rng, (units, depth), 0, F32),
        bias(rng, units, F32),
    ]
    return Op("FULLY_CONNECTED", operands, [], opdef("FULLY_CONNECTED").attrs(**fused(rng)))


def hybrid_conv(rng: Rng) -> Op:
    in_c, out_c, kernel = channels(rng), channels(rng), int(rng.choice([1, 3]))
    operands = [
        value(rng, "input", (int(rng.choice([1, 2])), *rng.integers(3, 20, 2).tolist(), in_c), F32),
        int8_weights(rng, (out_c, kernel, kernel, in_c), 0),
        bias(rng, out_c, F32),
    ]
    attrs = opdef("CONV_2D").attrs(stride_h=1, stride_w=1, padding=Padding.SAME, **fused(rng))
    return Op("CONV_2D", operands, [], attrs)


def hybrid_layer(rng: Rng) -> Op:
    depth, units = channels(rng) * 3, channels(rng)
    operands = [
        value(rng, "input", (int(rng.choice([1, 4])), depth), F32),
        int8_weights(rng, (units, depth), 0),
        bias(rng, units, F32),
    ]
    attrs = opdef("FULLY_CONNECTED").attrs(asymmetric_quantize_inputs=bool(rng.integers(0, 2)), **fused(rng))
    return Op("FULLY_CONNECTED", operands, [], attrs)


def elementwise(kind: str) -> Callable[[Rng], Op]:
    def build(rng: Rng) -> Op:
        return Op(kind, [value(rng, "input", (int(rng.integers(1, 5)), channels(rng)), F32)], [], opdef(kind).attrs())

    return build


BUILDERS: dict[str, Callable[[Rng], Op]] = {
    "conv": large_conv,
    "depthwise": large_depthwise,
    "fully_connected": wide_layer,
    "hybrid_conv": hybrid_conv,
    "hybrid_fully_connected": hybrid_layer,
    **{kind: elementwise(kind) for kind in ["RELU6", "TANH", "LOGISTIC", "EXP", "ELU", "HARD_SWISH", "SQRT"]},
}


def one_op_of(op: Op, rng: Rng, name: str) -> OneOp:
    ((shape, _),) = opdef(op.kind).infer(op)
    op.outputs = [value(rng, "output", shape, F32)]
    inputs = [t for t in op.inputs if t is not None and t.data is None]
    model = Model([Graph("main", inputs, op.outputs, [op])])
    return OneOp(Case(op.kind, name, []), "plain", model, [drawn(rng, t.shape, F32) for t in inputs])


@pytest.mark.parametrize("isa", [name for name in native.cpu_isa() if name not in ("scalar", "avxvnni")])  # int8 alone
@pytest.mark.parametrize("name", BUILDERS)
def test_float_kernels_agree_with_scalar(name: str, isa: str) -> None:
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, *name.encode()])
        op = BUILDERS[name](rng)
        one = one_op_of(op, rng, f"{name} seed {seed}")
        if name in ("TANH", "LOGISTIC", "EXP", "ELU", "HARD_SWISH"):
            one.inputs[0] *= 10.0
        what = f"{name} seed {seed} {isa}: {op.inputs} {op.attrs}"
        scalar, fast = Guarded(one, "scalar"), Guarded(one, isa)
        assert all(isa in step.kernel for step in fast.plan.steps), f"{what}: {[s.kernel for s in fast.plan.steps]}"
        scalar.invoke()
        fast.invoke()
        (wanted,), (got,) = scalar.outputs(), fast.outputs()
        assert_same(one, got, wanted, what)
        np.testing.assert_array_equal(run_threads(one, isa, 3)[0], got, err_msg=what + " on 3 threads")


@pytest.mark.parametrize("kind", ["MAXIMUM", "RELU", "TANH", "SOFTMAX", "ADD"])
def test_values_that_are_not_numbers(kind: str) -> None:
    """Infinities and NaN come out as the scalar kernels have them."""
    rng = np.random.default_rng(5)
    operands = [value(rng, name, (33,), F32) for name in (["a", "b"] if kind in ("MAXIMUM", "ADD") else ["a"])]
    one: OneOp = one_op_of(Op(kind, operands, [], opdef(kind).attrs(**_softmax(kind))), rng, kind)
    for array in one.inputs:
        array[[3, 20, 32]] = [np.inf, -np.inf, np.nan]
    results: list[Any] = []
    for isa in native.cpu_isa():
        run = Guarded(one, isa)
        run.invoke()
        results.append(run.outputs()[0])
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=1e-5)


def _softmax(kind: str) -> dict[str, Any]:
    return {"beta": 1.0} if kind == "SOFTMAX" else {}
