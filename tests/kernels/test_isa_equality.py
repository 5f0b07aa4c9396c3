"""Random small operators: every instruction set's kernels against the scalar ones, integers bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.ir import Activation, DType, Graph, Model, Op, Padding, Quantization, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.flatbuffer import write_bytes
from rillet.runtime import Plan, Session, native

from ..ops.case import Case
from ..ops.harness import OneOp
from ..ops.run_c import Guarded

Rng = np.random.Generator
SEEDS = 60
ACTIVATIONS = [Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1]


def per_tensor(rng: Rng, scale: float, dtype: DType) -> Quantization | None:
    if dtype is DType.FLOAT32:
        return None
    return Quantization.per_tensor(scale * float(rng.uniform(0.5, 2)), int(rng.integers(-128, 128)))


def drawn(rng: Rng, shape: tuple[int, ...], dtype: DType) -> NDArray[Any]:
    """Values over the whole range: sums then reach far, and results saturate now and then."""
    if dtype is DType.FLOAT32:
        return rng.uniform(-1, 1, shape).astype(np.float32)
    return rng.integers(-128, 128, shape).astype(np.int8)


def value(rng: Rng, name: str, shape: tuple[int, ...], dtype: DType, scale: float = 0.02) -> Tensor:
    return Tensor(name, shape, dtype, per_tensor(rng, scale, dtype))


def weights(rng: Rng, shape: tuple[int, ...], axis: int, dtype: DType) -> Tensor:
    """Per channel, per tensor, or with a zero point (what converted uint8 models have), from which some or hardly any
    weights are further than 8 bits hold."""
    data = drawn(rng, shape, dtype)
    if dtype is DType.FLOAT32:
        return Tensor("weights", shape, dtype, data=data)
    kind, count = rng.integers(0, 4), shape[axis]
    scale = rng.uniform(0.002, 0.02, count if kind < 2 else 1).astype(np.float32)
    zero_points = np.full(scale.size, rng.integers(-20, 20) if kind == 3 else 0, np.int64)
    if kind == 3 and rng.integers(0, 2):
        zero_points[:] = rng.integers(-127, 128)
        near = np.clip(data, zero_points[0] - 128, zero_points[0] + 127).astype(np.int8)
        data = np.where(rng.random(shape) < rng.choice([0, 2]) / data.size, data, near)
    return Tensor("weights", shape, dtype, Quantization(scale, zero_points, axis if scale.size > 1 else 0), data)


def bias(rng: Rng, count: int, dtype: DType) -> Tensor | None:
    if rng.integers(0, 5) == 0:
        return None
    if dtype is DType.FLOAT32:
        return Tensor("bias", (count,), dtype, data=rng.uniform(-1, 1, count).astype(np.float32))
    data = rng.integers(-20000, 20000, count).astype(np.int32)
    return Tensor("bias", (count,), DType.INT32, Quantization.per_tensor(0.001, 0), data)


def channels(rng: Rng) -> int:
    return int(rng.choice([1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 40, 48, 55, 64, 65, 80, 100, 130]))


def geometry(rng: Rng, dilated: bool) -> tuple[tuple[int, int], tuple[int, int], dict[str, Any]]:
    """Image, kernel and attributes, such that at least one window fits."""
    kernel = tuple(int(k) for k in rng.choice([1, 1, 2, 3, 3, 5, 7], 2))
    kernel = (kernel[0], kernel[0]) if rng.integers(0, 2) else kernel
    stride = [int(s) for s in rng.choice([1, 1, 2, 3], 2)]
    dilation = [int(d) for d in rng.choice([1, 1, 1, 2, 3], 2)] if dilated else [1, 1]
    padding = Padding(int(rng.integers(0, 2)))
    image = tuple(int(n) for n in rng.integers(1, 20, 2))
    if rng.integers(0, 8) == 0:  # one column, as models of sound have it
        image, kernel = (int(rng.integers(8, 40)), 1), (kernel[0], 1)
    if padding is Padding.VALID:
        image = tuple(max(n, (k - 1) * d + 1) for n, k, d in zip(image, kernel, dilation, strict=True))
    attrs = {"stride_h": stride[0], "stride_w": stride[1], "padding": padding}
    if dilated:
        attrs |= {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}
    return image, kernel, attrs


def fused(rng: Rng) -> dict[str, Any]:
    return {"fused_activation_function": ACTIVATIONS[rng.integers(0, len(ACTIVATIONS))]}


def conv(rng: Rng, dtype: DType) -> Op:
    image, kernel, attrs = geometry(rng, dilated=True)
    in_c, out_c, batches = channels(rng), channels(rng), int(rng.choice([1, 1, 3]))
    operands = [
        value(rng, "input", (batches, *image, in_c), dtype),
        weights(rng, (out_c, *kernel, in_c), 0, dtype),
        bias(rng, out_c, dtype),
    ]
    return Op("CONV_2D", operands, [], opdef("CONV_2D").attrs(**attrs, **fused(rng)))


def three_rows(rng: Rng, dtype: DType) -> Op:
    """Windows for which few output channels are computed two rows at a time."""
    height, width, kernel_w = int(rng.integers(3, 9)), int(rng.integers(4, 40)), int(rng.integers(1, 5))
    in_c, out_c = channels(rng), int(rng.choice([1, 4, 8, 11, 16]))
    operands = [
        value(rng, "input", (1, height, width, in_c), dtype),
        weights(rng, (out_c, 3, kernel_w, in_c), 0, dtype),
        bias(rng, out_c, dtype),
    ]
    attrs = {"stride_h": 1, "stride_w": int(rng.integers(1, 3)), "padding": Padding(int(rng.integers(0, 2)))}
    return Op("CONV_2D", operands, [], opdef("CONV_2D").attrs(**attrs, **fused(rng)))


def narrow_conv(rng: Rng, dtype: DType) -> Op:
    """Many pixels of few channels, as first layers and bottlenecks have: kernels treat them in ways of their own."""
    kernel, in_c, stride = (
        (3, 3, int(rng.choice([1, 2]))) if rng.integers(0, 2) else (1, 4 * int(rng.integers(1, 20)), 1)
    )
    out_c = int(rng.choice([8, 16, 24, 32, int(rng.integers(17, 33))]))
    operands = [
        value(rng, "input", (int(rng.choice([1, 1, 3])), *rng.integers(3, 50, 2).tolist(), in_c), dtype),
        weights(rng, (out_c, kernel, kernel, in_c), 0, dtype),
        bias(rng, out_c, dtype),
    ]
    attrs = {"stride_h": stride, "stride_w": stride, "padding": Padding(int(rng.integers(0, 2)))}
    return Op("CONV_2D", operands, [], opdef("CONV_2D").attrs(**attrs, **fused(rng)))


def colours(rng: Rng, dtype: DType) -> Op:
    """First layers of models of images, of few channels: kernels compute 16 pixels at a time."""
    out_c, activation = int(rng.integers(1, 9)), Activation.RELU6 if rng.integers(0, 4) else Activation.NONE
    operands = [
        value(rng, "input", (int(rng.choice([1, 2])), *rng.integers(3, 80, 2).tolist(), 3), dtype),
        weights(rng, (out_c, 3, 3, 3), 0, dtype),
        bias(rng, out_c, dtype),
    ]
    attrs = {"stride_h": int(rng.integers(1, 4)), "stride_w": 2, "padding": Padding(int(rng.integers(0, 2)))}
    return Op("CONV_2D", operands, [], opdef("CONV_2D").attrs(**attrs, fused_activation_function=activation))


def depthwise(rng: Rng, dtype: DType) -> Op:
    image, kernel, attrs = geometry(rng, dilated=True)
    in_c, multiplier, batches = channels(rng), int(rng.choice([1, 1, 1, 2, 3])), int(rng.choice([1, 1, 3]))
    operands = [
        value(rng, "input", (batches, *image, in_c), dtype),
        weights(rng, (1, *kernel, in_c * multiplier), 3, dtype),
        bias(rng, in_c * multiplier, dtype),
    ]
    attrs |= {"depth_multiplier": multiplier, **fused(rng)}
    return Op("DEPTHWISE_CONV_2D", operands, [], opdef("DEPTHWISE_CONV_2D").attrs(**attrs))


def fully_connected(rng: Rng, dtype: DType) -> Op:
    batches, depth, units = int(rng.choice([1, 1, 2, 5])), channels(rng) * int(rng.choice([1, 5, 10])), channels(rng)
    operands = [
        value(rng, "input", (batches, depth), dtype),
        weights(rng, (units, depth), 0, dtype),
        bias(rng, units, dtype),
    ]
    return Op("FULLY_CONNECTED", operands, [], opdef("FULLY_CONNECTED").attrs(**fused(rng)))


def pool(kind: str) -> Callable[[Rng, DType], Op]:
    def build(rng: Rng, dtype: DType) -> Op:
        image, kernel, attrs = geometry(rng, dilated=False)
        attrs |= {"filter_height": kernel[0], "filter_width": kernel[1], **fused(rng)}
        shape = (int(rng.choice([1, 2])), *image, channels(rng))
        return Op(kind, [value(rng, "input", shape, dtype)], [], opdef(kind).attrs(**attrs))

    return build


def binary(kind: str) -> Callable[[Rng, DType], Op]:
    def build(rng: Rng, dtype: DType) -> Op:
        shape = (*(int(n) for n in rng.integers(1, 9, 3)), channels(rng))
        others = [shape, shape, (shape[3],), (1,), (shape[0], 1, 1, shape[3]), (shape[1], shape[2], 1)]
        other = others[rng.integers(0, len(others))]
        operands = [value(rng, "a", shape, dtype), value(rng, "b", other, dtype)]
        if rng.integers(0, 2):
            operands.reverse()
        return Op(kind, operands, [], opdef(kind).attrs(**fused(rng)))

    return build


def softmax(rng: Rng, dtype: DType) -> Op:
    shape = (int(rng.integers(1, 6)), channels(rng))
    return Op("SOFTMAX", [value(rng, "input", shape, dtype, 0.1)], [], opdef("SOFTMAX").attrs(beta=1.0))


def mean(rng: Rng, dtype: DType) -> Op:
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 9)), int(rng.integers(1, 9)), channels(rng))
    axes = [(1, 2), (1,), (2,), (0, 1, 2), (3,), (1, 3)][rng.integers(0, 6)]
    reduced = Tensor("axes", (len(axes),), DType.INT32, data=np.array(axes, np.int32))
    attrs = opdef("MEAN").attrs(keep_dims=bool(rng.integers(0, 2)))
    return Op("MEAN", [value(rng, "input", shape, dtype), reduced], [], attrs)


def tanh(rng: Rng, dtype: DType) -> Op:
    return Op("TANH", [value(rng, "input", (int(rng.integers(1, 400)),), dtype)], [], opdef("TANH").attrs())


BUILDERS = {
    "CONV_2D": conv,
    "CONV_2D of three rows": three_rows,
    "CONV_2D, narrow": narrow_conv,
    "CONV_2D, in colours": colours,
    "DEPTHWISE_CONV_2D": depthwise,
    "FULLY_CONNECTED": fully_connected,
    "AVERAGE_POOL_2D": pool("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": pool("MAX_POOL_2D"),
    "ADD": binary("ADD"),
    "SUB": binary("SUB"),
    "MUL": binary("MUL"),
    "SOFTMAX": softmax,
    "MEAN": mean,
    "TANH": tanh,
}


def one_op(kind: str, dtype: DType, seed: int) -> OneOp:
    rng = np.random.default_rng([seed, *kind.encode()])
    op = BUILDERS[kind](rng, dtype)
    ((shape, _),) = opdef(op.kind).infer(op)
    out = value(rng, "output", shape, dtype, 0.4 if kind != "ADD" else 0.03)
    if dtype is DType.INT8 and "POOL" in kind:
        out.quantization = op.inputs[0].quantization
    if dtype is DType.INT8 and kind == "SOFTMAX":
        out.quantization = Quantization.per_tensor(1 / 256, -128)
    op.outputs = [out]
    inputs = [t for t in op.inputs if t is not None and t.data is None]
    model = Model([Graph("main", inputs, [out], [op])])
    return OneOp(Case(op.kind, f"seed {seed}", []), "plain", model, [drawn(rng, t.shape, dtype) for t in inputs])


def run_threads(one: OneOp, isa: str, threads: int) -> list[NDArray[Any]]:
    session = Session(Plan(write_bytes(one.model), isa=isa, keep_inputs=True, threads=threads), threads)
    for view, array in zip(session.inputs, one.inputs, strict=True):
        view[...] = array
    session.invoke()
    return [output.copy() for output in session.outputs]


def assert_same(one: OneOp, got: NDArray[Any], wanted: NDArray[Any], what: str) -> None:
    if got.dtype == np.float32:
        # Sums of thousands of products in another order; a fused activation may hide how large they were.
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=5e-5, err_msg=what)
    else:
        np.testing.assert_array_equal(got, wanted, err_msg=what)


@pytest.mark.parametrize("isa", [name for name in native.cpu_isa() if name != "scalar"])
@pytest.mark.parametrize("dtype", [DType.INT8, DType.FLOAT32], ids=["int8", "float32"])
@pytest.mark.parametrize("kind", BUILDERS)
def test_random_shapes_agree_with_scalar(kind: str, dtype: DType, isa: str) -> None:
    for seed in range(SEEDS):
        one = one_op(kind, dtype, seed)
        what = f"{kind} seed {seed} {isa}: {one.op.inputs} {one.op.attrs}"
        scalar = Guarded(one, "scalar")
        fast = Guarded(one, isa)
        if [s.kernel for s in scalar.plan.steps] == [s.kernel for s in fast.plan.steps]:
            continue
        scalar.invoke()
        fast.invoke()
        (wanted,), (got,) = scalar.outputs(), fast.outputs()
        assert_same(one, got, wanted, what)
        if any(step.tasks > 1 for step in fast.plan.steps):
            assert_same(one, run_threads(one, isa, 3)[0], wanted, what + " on 3 threads")
