"""Random operators on the emulated Cortex-M55: the kernels of Helium give the bits of the scalar ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.ir import DType, Op, Padding
from rillet.ops import opdef
from tests.boards.random_ops import assert_scalar_bits, draw, one_channel
from tests.boards.random_ops_16 import draw_16
from tests.boards.tools import need_tools
from tests.kernels import test_isa_equality as shapes

BOARD = "mps3-an547"
SHAPES = 28


def small_depthwise(rng: np.random.Generator, dtype: DType) -> Op:
    """Windows that Helium's kernel takes: up to 3x3, up to 4x4 at stride 2, and lines."""
    form, in_c, batches = int(rng.integers(0, 3)), shapes.channels(rng), int(rng.choice([1, 1, 3]))
    kernel, image = rng.integers(1, 4, 2), rng.integers(4, 20, 2)
    stride = np.ones(2, int)
    if form == 1:
        kernel, stride = rng.integers(1, 5, 2), np.array([int(rng.integers(1, 4)), 2])
    if form == 2:
        kernel, image = np.array([int(rng.integers(1, 14)), 1]), np.array([int(rng.integers(14, 60)), 1])
        if rng.integers(0, 2):
            kernel, image = kernel[::-1], image[::-1]
    weights = shapes.weights(rng, (1, *(int(k) for k in kernel), in_c), 3, dtype)
    if weights.quantization is not None:
        weights.quantization.zero_point[...] = 0
    operands = [
        shapes.value(rng, "input", (batches, *(int(n) for n in image), in_c), dtype),
        weights,
        shapes.bias(rng, in_c, dtype),
    ]
    attrs = {"stride_h": int(stride[0]), "stride_w": int(stride[1]), "padding": Padding(int(rng.integers(0, 2)))}
    attrs |= {"depth_multiplier": 1, **shapes.fused(rng)}
    return Op("DEPTHWISE_CONV_2D", operands, [], opdef("DEPTHWISE_CONV_2D").attrs(**attrs))


CASES = {
    "convolutions": (shapes.conv, SHAPES // 3),
    "depthwise": (small_depthwise, SHAPES - 6),
    "other depthwise": (shapes.depthwise, SHAPES // 3),
    "depthwise of one channel": (one_channel, SHAPES // 3),
    "fully connected": (shapes.fully_connected, SHAPES // 3),
    "averages": (shapes.pool("AVERAGE_POOL_2D"), SHAPES // 2),
    "maxima": (shapes.pool("MAX_POOL_2D"), SHAPES),
    "sums": (shapes.binary("ADD"), 4),
}


@pytest.mark.parametrize("case", CASES)
def test_random_shapes_on_the_emulated_m55(case: str, tmp_path: Path) -> None:
    need_tools(BOARD)
    build, least = CASES[case]
    assert_scalar_bits([draw(build, number) for number in range(SHAPES)], BOARD, "_mve", least, tmp_path)


def test_random_shapes_of_int16_on_the_emulated_m55(tmp_path: Path) -> None:
    need_tools(BOARD)
    builds = [shapes.conv, shapes.depthwise, small_depthwise, shapes.fully_connected]
    ops = [draw_16(build, number) for build in builds for number in range(SHAPES // 3)]
    assert_scalar_bits(ops, BOARD, "_s16_mve", len(ops) * 2 // 3, tmp_path)


def test_random_sums_and_products_on_the_emulated_m55(tmp_path: Path) -> None:
    need_tools(BOARD)
    adds = [draw_16(shapes.binary("ADD"), number) for number in range(SHAPES // 2)]
    muls = [make(shapes.binary("MUL"), number) for make in (draw, draw_16) for number in range(SHAPES // 2)]
    assert_scalar_bits(adds + muls, BOARD, "_mve", len(adds + muls), tmp_path)


def test_random_pools_of_int16_on_the_emulated_m55(tmp_path: Path) -> None:
    need_tools(BOARD)
    kinds = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
    ops = [draw_16(shapes.pool(kind), number) for kind in kinds for number in range(SHAPES // 2)]
    assert_scalar_bits(ops, BOARD, "_mve", len(ops), tmp_path)
