"""Random convolutions on the emulated Cortex-M4 and M55: kernels of the DSP extension and of Helium give the bits of
the scalar ones.

All operators are steps of one model, so that one firmware runs them.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import open_firmware
from rillet.boards.target import build_target, prepare_target
from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op
from rillet.ops import opdef
from rillet.runtime import Plan, Session
from tests.boards.tools import need_tools
from tests.kernels.test_isa_equality import conv, depthwise, drawn, fully_connected, value

MOST_INPUT = 12_000  # bytes, and a hundred times as many products
SHAPES = 28
BUILDERS = {"CONV_2D": conv, "DEPTHWISE_CONV_2D": depthwise, "FULLY_CONNECTED": fully_connected}


def _draw(kind: str, number: int) -> Op:
    """A random operator whose sums are as large as trained ones, small enough for an emulator."""
    for attempt in range(100):
        rng = np.random.default_rng([number, attempt, *kind.encode()])
        op = BUILDERS[kind](rng, DType.INT8)
        ((shape, _),) = opdef(kind).infer(op)
        op.outputs = [value(rng, "output", shape, DType.INT8, float(rng.choice([0.05, 0.4, 2.0])))]
        if math.prod(op.inputs[0].shape) > MOST_INPUT or not 0 < opdef(kind).macs(op) < 100 * MOST_INPUT:
            continue
        op.inputs[1].data = np.maximum(op.inputs[1].data, -127)  # what quantizers write
        return op
    raise AssertionError("no small shape drawn")


def _model(ops: list[Op]) -> Model:
    for number, op in enumerate(ops):
        op.inputs[0].name, op.outputs[0].name = f"input{number}", f"output{number}"
    return Model([Graph("main", [op.inputs[0] for op in ops], [op.outputs[0] for op in ops], ops)])


@pytest.mark.parametrize(("board", "suffix"), [("mps2-an386", "_dsp"), ("mps3-an547", "_mve")])
@pytest.mark.parametrize("kind", BUILDERS)
def test_random_shapes_on_an_emulated_core(kind: str, board: str, suffix: str, tmp_path: Path) -> None:
    need_tools(board)
    ops = [_draw(kind, number) for number in range(SHAPES)]
    target = prepare_target(write_bytes(_model(ops)), board)
    assert sum(step.kernel.endswith(suffix) for step in target.plan.steps) > SHAPES // 3
    host = Session(Plan(target.data, isa="scalar"))
    rng = np.random.default_rng(1)
    with open_firmware(build_target(target, tmp_path)) as device:
        for index, view in enumerate(host.inputs):
            view[...] = drawn(rng, view.shape, DType.INT8)
            device.set_input(index, np.array(view))
        host.invoke()
        device.run()
        for index, (op, wanted) in enumerate(zip(ops, host.outputs, strict=True)):
            what = f"{target.plan.steps[index].kernel} {op.inputs} {op.attrs}"
            np.testing.assert_array_equal(device.output(index), wanted, err_msg=what)


@pytest.mark.parametrize("board", ["mps2-an385", "microbit", "rpi-pico", "riscv32-virt", "host"])
def test_cores_without_the_extension_get_scalar_kernels(board: str) -> None:
    target = prepare_target(write_bytes(_model([_draw(kind, 0) for kind in BUILDERS])), board)
    assert {step.kernel for step in target.plan.steps} == {"conv_2d_s8", "depthwise_conv_2d_s8", "fully_connected_s8"}


def test_the_host_never_gets_kernels_of_the_extension() -> None:
    plan = Plan(write_bytes(_model([_draw(kind, 0) for kind in BUILDERS])))
    assert not any(step.kernel.endswith(("_dsp", "_mve")) for step in plan.steps)
