"""PAD in front of a convolution: done by the convolution where it can be, with the bits of the two done apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet.ir import DType, Graph, Model, Op, Padding, Tensor
from rillet.ops import opdef
from tests.boards.tools import need_tools

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.boards import open_firmware
from rillet.boards.target import build_target, prepare_target
from rillet.flatbuffer import write_bytes
from rillet.runtime import Plan, Session, cpu_isa

from .test_isa_equality import Rng, conv, depthwise, drawn, value

SEEDS = 150
MOST_BYTES = 12_000


def padded(number: int, dtype: DType) -> list[Op]:
    """PAD and a convolution that reads it, of random shapes; `number` 3 of 4 pad as the halves of a SAME window do."""
    for attempt in range(100):
        rng = np.random.default_rng([number, attempt])
        window = (conv if number % 2 else depthwise)(rng, dtype)
        x, weights = window.inputs[0], window.inputs[1]
        if number % 4:
            window.attrs.dilation_h_factor = window.attrs.dilation_w_factor = 1  # type: ignore[attr-defined]
        assert x is not None and weights is not None
        usual = [(int(rng.integers(0, (k - 1) // 2 + 1)), int(rng.integers(0, k // 2 + 1))) for k in weights.shape[1:3]]
        amounts = [(0, 0), *(usual if number % 4 else rng.integers(0, 5, (2, 2)).tolist()), (0, 0)]
        shape = tuple(n + int(b) + int(a) for n, (b, a) in zip(x.static_shape, amounts, strict=True))
        between = Tensor("padded", shape, dtype, x.quantization)
        window.inputs[0], window.attrs.padding = between, Padding.VALID  # type: ignore[attr-defined]
        ((out, _),) = opdef(window.kind).infer(window)
        window.outputs = [value(rng, "y", out, dtype, float(rng.choice([0.05, 0.4, 2.0])))]
        if min(out) < 1 or x.nbytes > MOST_BYTES or opdef(window.kind).macs(window) > 100 * MOST_BYTES:
            continue
        pads = np.array(amounts, np.int32)
        return [Op("PAD", [x, Tensor("amounts", (4, 2), DType.INT32, None, pads)], [between]), window]
    raise AssertionError("no shape drawn")


def model_of(pairs: list[list[Op]]) -> bytes:
    for number, (pad, window) in enumerate(pairs):
        for tensor in (pad.inputs[0], pad.outputs[0], window.outputs[0]):
            assert tensor is not None
            tensor.name += str(number)
    inputs = [pad.inputs[0] for pad, _ in pairs if pad.inputs[0] is not None]
    return write_bytes(
        Model([Graph("main", inputs, [w.outputs[0] for _, w in pairs], [op for pair in pairs for op in pair])])
    )


def apart(data: bytes, arrays: list[Any]) -> list[Any]:
    """By scalar kernels, each operator for itself."""
    return run(Plan(data, isa="scalar", keep_all=True), arrays)


def run(plan: Plan, arrays: list[Any]) -> list[Any]:
    session = Session(plan)
    for view, array in zip(session.inputs, arrays, strict=True):
        view[...] = array
    session.invoke()
    return [np.array(view) for view in session.outputs]


@pytest.mark.parametrize("dtype", [DType.INT8, DType.FLOAT32])
def test_random_shapes(dtype: DType) -> None:
    absorbed = 0
    for number in range(SEEDS):
        data = model_of([padded(number, dtype)])
        (view,) = Session(Plan(data)).inputs
        arrays = [drawn(np.random.default_rng(number), view.shape, dtype)]
        (wanted,) = apart(data, arrays)
        for isa in {"scalar", ",".join(cpu_isa())}:
            plan = Plan(data, isa=isa)
            absorbed += all(step.op == 1 for step in plan.steps)
            (got,) = run(plan, arrays)
            if dtype is DType.INT8:
                np.testing.assert_array_equal(got, wanted, err_msg=f"{number} {isa}")
            else:
                np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * float(np.abs(wanted).max()))
    assert absorbed > SEEDS


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_on_an_emulated_core(board: str, tmp_path: Path) -> None:
    need_tools(board)
    data = model_of([padded(number, DType.INT8) for number in range(24)])
    target = prepare_target(data, board)
    rng = np.random.default_rng(1)
    with open_firmware(build_target(target, tmp_path)) as device:
        arrays = [drawn(rng, detail.shape, DType.INT8) for detail in device.inputs]
        for index, array in enumerate(arrays):
            device.set_input(index, array)
        device.run()
        for index, wanted in enumerate(apart(target.data, arrays)):
            np.testing.assert_array_equal(device.output(index), wanted, err_msg=f"pair {index}")


def test_other_readers_get_the_padded_tensor() -> None:
    """A PAD that a convolution and another operator read is done for the other one."""
    rng: Rng = np.random.default_rng(0)
    pad, window = padded(2, DType.INT8)
    between = pad.outputs[0]
    copy = Tensor("copy", between.shape, DType.INT8, between.quantization)
    last = Op("MAXIMUM", [between, between], [copy])
    assert pad.inputs[0] is not None
    graph = Graph("main", [pad.inputs[0]], [window.outputs[0], copy], [pad, window, last])
    data = write_bytes(Model([graph]))
    arrays = [drawn(rng, pad.inputs[0].static_shape, DType.INT8)]
    for got, wanted in zip(run(Plan(data), arrays), apart(data, arrays), strict=True):
        np.testing.assert_array_equal(got, wanted)
