"""LSTM and SVDF on emulated cores: the DSP extension's and Helium's kernels give the bits of the scalar ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.boards import open_firmware
from rillet.boards.target import build_target, prepare_target
from rillet.flatbuffer import write_bytes
from rillet.ir import Activation, DType, Graph, Model, Op, Quantization, Tensor
from rillet.ops import opdef
from rillet.runtime import Plan, Session
from tests.boards.tools import need_tools
from tests.zoo import zoo

BOARDS = {"mps2-an386": "dsp", "mps3-an547": "mve"}
RUNS = 3
BATCHES, STEPS, INPUTS = 2, 3, 21
MODELS = {
    "mnist_lstm_int8": "lstm_s8",
    "micro_speech_lstm": "lstm_s8",
    "keyword_scrambled": "svdf_s8",
}
Rng = np.random.Generator


def _const(rng: Rng, shape: tuple[int, ...], scale: float, dtype: DType = DType.INT8, largest: int = 127) -> Tensor:
    data = rng.integers(-largest, largest + 1, shape).astype(dtype.numpy)
    return Tensor("", shape, dtype, Quantization.per_tensor(scale, 0), data)


def _state(name: str, shape: tuple[int, ...], dtype: DType, scale: float, zero_point: int = 0) -> Tensor:
    state = Tensor(name, shape, dtype, Quantization.per_tensor(scale, zero_point))
    state.is_variable = True
    return state


def lstm(cells: int, outputs: int | None, *, norm: bool, coupled: bool) -> Op:
    """An integer LSTM with every number of rows left over; `outputs`: those of a projection."""
    rng = np.random.default_rng(cells)
    width = outputs or cells

    def gates(*shape: int, scale: float, dtype: DType = DType.INT8, largest: int = 127) -> list[Tensor | None]:
        return [None if g == 0 and coupled else _const(rng, shape, scale, dtype, largest) for g in range(4)]

    x = Tensor("x", (BATCHES, STEPS, INPUTS), DType.INT8, Quantization.per_tensor(0.02, -5))
    operands: list[Tensor | None] = [x, *gates(cells, INPUTS, scale=0.01), *gates(cells, width, scale=0.01)]
    operands += [None, None, None, *gates(cells, scale=0.0002, dtype=DType.INT32, largest=5000)]
    operands += (
        [_const(rng, (width, cells), 0.01), _const(rng, (width,), 0.0001, DType.INT32, 5000)]
        if outputs
        else [None, None]
    )
    operands += [
        _state("hidden", (BATCHES, width), DType.INT8, 0.01, 3),
        _state("cell", (BATCHES, cells), DType.INT16, 2.0**-11),
    ]
    if norm:
        operands += gates(cells, scale=3e-5, dtype=DType.INT16, largest=32767)
    between = [
        Tensor(f"gate{g}", (1,), DType.INT16, Quantization.per_tensor(0.001 if norm else 1.0, 0)) for g in range(4)
    ]
    op = Op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [], opdef("UNIDIRECTIONAL_SEQUENCE_LSTM").attrs(
        fused_activation_function=Activation.TANH, time_major=False))  # fmt: skip
    op.intermediates = [*between, Tensor("squashed", (1,), DType.INT8, Quantization.per_tensor(0.008, 4))]
    op.outputs = [Tensor("y", (BATCHES, STEPS, width), DType.INT8, Quantization.per_tensor(0.01, 3))]
    return op


def svdf(filters: int, rank: int, memory: int, *, biased: bool) -> Op:
    rng = np.random.default_rng(filters)
    x = Tensor("x", (BATCHES, INPUTS), DType.INT8, Quantization.per_tensor(0.02, 7))
    operands = [x, _const(rng, (filters, INPUTS), 0.01), _const(rng, (filters, memory), 0.001, DType.INT16, 2000)]
    operands += [_const(rng, (filters // rank,), 0.0001, DType.INT32, 5000) if biased else None]
    operands += [_state("state", (BATCHES, filters * memory), DType.INT16, 0.001)]
    op = Op("SVDF", operands, [], opdef("SVDF").attrs(rank=rank, fused_activation_function=Activation.RELU))
    op.outputs = [Tensor("y", (BATCHES, filters // rank), DType.INT8, Quantization.per_tensor(0.03, -128))]
    return op


OPS = {
    "LSTM": lambda: lstm(17, None, norm=False, coupled=False),
    "LSTM with projection": lambda: lstm(14, 7, norm=False, coupled=True),
    "LSTM with layer normalization": lambda: lstm(11, 5, norm=True, coupled=False),
    "SVDF": lambda: svdf(10, 2, 7, biased=True),
    "SVDF without bias": lambda: svdf(9, 1, 12, biased=False),
}


def _assert_same(model: bytes, board: str, kernel: str, folder: Path) -> None:
    need_tools(board)
    target = prepare_target(model, board)
    assert f"{kernel}_{BOARDS[board]}" in {step.kernel for step in target.plan.steps}
    host = Session(Plan(target.data, isa="scalar"))
    rng = np.random.default_rng(0)
    with open_firmware(build_target(target, folder)) as device:
        for _ in range(RUNS):
            for index, view in enumerate(host.inputs):
                view[...] = rng.integers(-128, 128, view.shape)
                device.set_input(index, np.array(view))
            host.invoke()
            device.run()
            for index, wanted in enumerate(host.outputs):
                np.testing.assert_array_equal(device.output(index), wanted)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", MODELS)
def test_real_models(name: str, board: str, tmp_path: Path) -> None:
    _assert_same(zoo(f"models/tflite_micro/{name}.tflite").read_bytes(), board, MODELS[name], tmp_path)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("kind", ["LSTM", "SVDF"])
def test_made_operators(kind: str, board: str, tmp_path: Path) -> None:
    ops = [make() for name, make in OPS.items() if name.startswith(kind)]
    for number, op in enumerate(ops):
        for tensor in (*op.inputs, *op.intermediates, *op.outputs):
            if tensor is not None:
                tensor.name = f"{tensor.name}{number}"
    graph = Graph("main", [op.inputs[0] for op in ops], [op.outputs[0] for op in ops], ops)
    _assert_same(write_bytes(Model([graph])), board, f"{kind.lower()}_s8", tmp_path)
