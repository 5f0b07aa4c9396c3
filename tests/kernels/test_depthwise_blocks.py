"""Depthwise 3x3 convolutions by blocks of channels (AVX-512 VNNI) against the scalar kernel, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.ir import Activation, DType, Graph, Model, Op, Padding, Quantization, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import native

from ..ops.case import Case
from ..ops.harness import OneOp
from ..ops.run_c import Guarded
from .test_isa_equality import drawn, run_threads

ISA, KERNEL = "avx512vnni", "depthwise_blocks_s8_avx512vnni"
SHAPES = [(1, 1), (1, 6), (2, 3), (3, 2), (5, 8), (7, 7), (8, 4), (12, 11), (50, 6), (4, 60)]


def convolution(
    channels: int, stride: int, image: tuple[int, int], padding: Padding, wide: bool, seed: int, multiplier: int = 1
) -> OneOp:
    """`wide`: a zero point of weights leaves some that need more than eight bits."""
    rng = np.random.default_rng([channels, stride, *image, int(padding), wide, seed])
    data = np.clip(rng.normal(0, 60, (1, 3, 3, channels)), -128, 127).astype(np.int8)
    scales = rng.uniform(0.002, 0.02, 1 if wide else channels).astype(np.float32)
    zero_points = np.full(scales.size, -40 if wide else 0, np.int64)
    quantization = Quantization(scales, zero_points, 0 if wide else 3)
    bias = rng.integers(-9000, 9000, channels).astype(np.int32)
    operands = [
        Tensor(
            "input",
            (2, *image, channels // multiplier),
            DType.INT8,
            Quantization.per_tensor(0.02, int(rng.integers(-128, 128))),
        ),
        Tensor("weights", data.shape, DType.INT8, quantization, data),
        Tensor("bias", (channels,), DType.INT32, Quantization.per_tensor(0.001, 0), bias),
    ]
    attrs = {"padding": padding, "stride_h": stride, "stride_w": stride, "fused_activation_function": Activation.RELU6}
    attrs |= {"depth_multiplier": multiplier}
    op = Op("DEPTHWISE_CONV_2D", operands, [], opdef("DEPTHWISE_CONV_2D").attrs(**attrs))
    ((shape, _),) = opdef("DEPTHWISE_CONV_2D").infer(op)
    op.outputs = [Tensor("output", shape, DType.INT8, Quantization.per_tensor(0.0236, -128))]
    model = Model([Graph("main", [operands[0]], op.outputs, [op])])
    inputs = [drawn(rng, (2, *image, channels // multiplier), DType.INT8)]
    return OneOp(Case("DEPTHWISE_CONV_2D", "blocks", []), "plain", model, inputs)


@pytest.mark.skipif(ISA not in native.cpu_isa(), reason=f"this CPU has no {ISA}")
@pytest.mark.parametrize("wide", [False, True], ids=["bytes", "wide"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("channels", [1, 5, 8, 15, 16, 24, 31, 32, 40, 57, 63, 64, 70, 80, 96, 106, 119, 130, 144])
def test_blocks_agree_with_scalar(channels: int, stride: int, wide: bool) -> None:
    by_blocks = 0
    for seed, image in enumerate(SHAPES):
        for padding in Padding:
            if padding is Padding.VALID and min(image) < 3:
                continue
            one = convolution(channels, stride, image, padding, wide, seed)
            scalar, fast = Guarded(one, "scalar"), Guarded(one, ISA)
            by_blocks += [step.kernel for step in fast.plan.steps] == [KERNEL]
            scalar.invoke()
            fast.invoke()
            (wanted,) = scalar.outputs()
            what = f"{image} {padding.name}"
            np.testing.assert_array_equal(fast.outputs()[0], wanted, err_msg=what)
            np.testing.assert_array_equal(run_threads(one, ISA, 3)[0], wanted, err_msg=what + " on 3 threads")
    assert by_blocks >= len(SHAPES) // 2


@pytest.mark.skipif(ISA not in native.cpu_isa(), reason=f"this CPU has no {ISA}")
@pytest.mark.parametrize("wide", [False, True], ids=["bytes", "wide"])
@pytest.mark.parametrize("channels", [2, 8, 20])
def test_one_input_channel_is_a_dense_convolution(channels: int, wide: bool) -> None:
    for seed, image in enumerate(SHAPES):
        one = convolution(channels, 1 + seed % 2, image, Padding.SAME, wide, seed, multiplier=channels)
        scalar, fast = Guarded(one, "scalar"), Guarded(one, ISA)
        assert [step.kernel for step in fast.plan.steps] == ["conv_2d_s8_avx512vnni"]
        scalar.invoke()
        fast.invoke()
        np.testing.assert_array_equal(fast.outputs()[0], scalar.outputs()[0], err_msg=f"{image}")
