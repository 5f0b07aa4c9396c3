"""Random int8 operators on an emulated core, all steps of one model, so that one firmware runs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rillet.boards import Board, open_firmware
from rillet.boards.target import build_target, prepare_target
from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op
from rillet.ops import opdef
from rillet.runtime import Plan, Session
from tests.kernels.test_isa_equality import bias, drawn, fused, geometry, value, weights

MOST_INPUT = 12_000  # bytes, and a hundred times as many products
Builder = Callable[[np.random.Generator, DType], Op]


def draw(build: Builder, number: int) -> Op:
    """A random operator whose sums are as large as trained ones, small enough for an emulator."""
    for attempt in range(100):
        rng = np.random.default_rng([number, attempt])
        op = build(rng, DType.INT8)
        ((shape, _),) = opdef(op.kind).infer(op)
        op.outputs = [value(rng, "output", shape, DType.INT8, float(rng.choice([0.05, 0.4, 2.0])))]
        if op.kind == "ADD":
            op.outputs = [value(rng, "output", shape, DType.INT8, 0.03)]
        if "POOL" in op.kind:
            op.outputs[0].quantization = op.inputs[0].quantization
        macs = opdef(op.kind).macs(op) if len(op.inputs) == 3 else 1
        if math.prod(op.inputs[0].shape) > MOST_INPUT or macs is None or not 0 < macs < 100 * MOST_INPUT:
            continue
        if len(op.inputs) == 3:
            op.inputs[1].data = np.maximum(op.inputs[1].data, -127)  # what quantizers write
        return op
    raise AssertionError("no small shape drawn")


def one_channel(rng: np.random.Generator, dtype: DType) -> Op:
    """DEPTHWISE_CONV_2D of one input channel, as models of sound begin: in truth a dense convolution."""
    image, kernel, attrs = geometry(rng, dilated=True)
    count = int(rng.choice([2, 3, 8, 13]))
    operands = [
        value(rng, "input", (1, *image, 1), dtype),
        weights(rng, (1, *kernel, count), 3, dtype),
        bias(rng, count, dtype),
    ]
    attrs |= {"depth_multiplier": count, **fused(rng)}
    return Op("DEPTHWISE_CONV_2D", operands, [], opdef("DEPTHWISE_CONV_2D").attrs(**attrs))


def model_of(ops: Sequence[Op]) -> bytes:
    """All operators side by side."""
    inputs = []
    for number, op in enumerate(ops):
        for position, tensor in enumerate(t for t in op.inputs if t is not None and t.data is None):
            tensor.name = f"input{number}_{position}"
            inputs.append(tensor)
        op.outputs[0].name = f"output{number}"
    return write_bytes(Model([Graph("main", inputs, [op.outputs[0] for op in ops], list(ops))]))


def assert_scalar_bits(
    ops: Sequence[Op], board: Board | str, suffix: str | tuple[str, ...], least: int, folder: Path
) -> None:
    """The board gives the bits of the scalar kernels; at least `least` of its own have names that end in `suffix`."""
    target = prepare_target(model_of(ops), board)
    assert sum(step.kernel.endswith(suffix) for step in target.plan.steps) >= least
    host = Session(Plan(target.data, isa="scalar"))
    rng = np.random.default_rng(1)
    with open_firmware(build_target(target, folder)) as device:
        for index, view in enumerate(host.inputs):
            wide = view.dtype == np.int16
            view[...] = rng.integers(-(2**15), 2**15, view.shape) if wide else drawn(rng, view.shape, DType.INT8)
            device.set_input(index, np.array(view))
        host.invoke()
        device.run()
        for index, (op, wanted) in enumerate(zip(ops, host.outputs, strict=True)):
            what = f"{target.plan.steps[index].kernel} {op.inputs} {op.attrs}"
            np.testing.assert_array_equal(device.output(index), wanted, err_msg=what)
