"""Random operators on emulated cores without SIMD: the kernels for them give the bits of the scalar ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import Board, load_board
from rillet.ir import DType, Op
from tests.boards.random_ops import assert_scalar_bits, draw
from tests.boards.test_mve_kernels import small_depthwise
from tests.boards.tools import need_tools
from tests.kernels import test_isa_equality as shapes

SHAPES = 16


def cortex_m0() -> Board:
    """Code of the Cortex-M0+, which QEMU lacks, on a core that runs more: its own emulated boards have no room."""
    pico = load_board("rpi-pico")
    return replace(load_board("mps2-an385"), flags=pico.flags, isa=pico.isa)


def undilated_depthwise(rng: np.random.Generator, dtype: DType) -> Op:
    """Any window and multiplier; weights with zero point 0."""
    op = shapes.depthwise(rng, dtype)
    op.attrs = replace(op.attrs, dilation_h_factor=1, dilation_w_factor=1)
    op.inputs[1].quantization.zero_point[...] = 0
    return op


BOARDS = {"M0": cortex_m0, "M3": lambda: load_board("mps2-an385"), "RV32": lambda: load_board("riscv32-virt")}
CASES = {
    "convolutions": (shapes.conv, SHAPES // 3),
    "depthwise": (undilated_depthwise, SHAPES - 4),
    "small depthwise": (small_depthwise, SHAPES - 4),
    "sums": (shapes.binary("ADD"), 3),
    "fully connected": (shapes.fully_connected, SHAPES // 3),
}


@pytest.mark.parametrize("core", BOARDS)
@pytest.mark.parametrize("case", CASES)
def test_random_shapes(case: str, core: str, tmp_path: Path) -> None:
    board = BOARDS[core]()
    need_tools(board.name)
    build, least = CASES[case]
    assert_scalar_bits([draw(build, number) for number in range(SHAPES)], board, ("_mcu", "_v7m"), least, tmp_path)
