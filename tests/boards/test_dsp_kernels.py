"""Random convolutions on the emulated Cortex-M4: the kernels of its DSP extension give the bits of the scalar ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from rillet.boards.target import prepare_target
from rillet.runtime import Plan
from tests.boards.random_ops import assert_scalar_bits, draw, model_of, one_channel
from tests.boards.random_ops_16 import draw_16
from tests.boards.tools import need_tools
from tests.kernels.test_isa_equality import binary, conv, depthwise, fully_connected, pool

SHAPES = 28
BUILDERS = {"CONV_2D": conv, "DEPTHWISE_CONV_2D": depthwise, "FULLY_CONNECTED": fully_connected}
CASES = {**BUILDERS, "DEPTHWISE_CONV_2D of one channel": one_channel}


@pytest.mark.parametrize("kind", CASES)
def test_random_shapes_on_the_emulated_m4(kind: str, tmp_path: Path) -> None:
    need_tools("mps2-an386")
    ops = [draw(CASES[kind], number) for number in range(SHAPES)]
    assert_scalar_bits(ops, "mps2-an386", "_dsp", SHAPES // 3, tmp_path)


def test_random_shapes_of_int16_on_the_emulated_m4(tmp_path: Path) -> None:
    need_tools("mps2-an386")
    ops = [draw_16(build, number) for build in BUILDERS.values() for number in range(SHAPES // 2)]
    assert_scalar_bits(ops, "mps2-an386", "_s16_dsp", len(ops) * 4 // 5, tmp_path)


def test_random_sums_and_products_on_the_emulated_m4(tmp_path: Path) -> None:
    need_tools("mps2-an386")
    ops = [
        make(binary(kind), number)
        for kind in ("ADD", "MUL")
        for make in (draw, draw_16)
        for number in range(SHAPES // 2)
    ]
    assert_scalar_bits(ops, "mps2-an386", "_dsp", len(ops), tmp_path)


def test_random_pools_on_the_emulated_m4(tmp_path: Path) -> None:
    need_tools("mps2-an386")
    kinds = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
    ops = [make(pool(kind), number) for kind in kinds for make in (draw, draw_16) for number in range(SHAPES // 2)]
    assert_scalar_bits(ops, "mps2-an386", "_dsp", len(ops), tmp_path)


@pytest.mark.parametrize("board", ["mps2-an385", "microbit", "rpi-pico", "riscv32-virt", "host"])
def test_cores_without_the_extension_get_other_kernels(board: str) -> None:
    target = prepare_target(model_of([draw(build, 0) for build in BUILDERS.values()]), board)
    assert not any(step.kernel.endswith(("_dsp", "_mve")) for step in target.plan.steps)
    assert board != "host" or {step.kernel for step in target.plan.steps} == {
        "conv_2d_s8", "depthwise_conv_2d_s8", "fully_connected_s8",
    }  # fmt: skip


def test_the_host_never_gets_kernels_of_microcontrollers() -> None:
    plan = Plan(model_of([draw(build, 0) for build in BUILDERS.values()]))
    assert not any(step.kernel.endswith(("_dsp", "_mve", "_mcu")) for step in plan.steps)
