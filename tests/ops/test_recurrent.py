"""Operators whose operands are variables, or a sparse constant: numpy's meaning is what the C runtime computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rillet.flatbuffer import read, write_bytes
from rillet.ir import Activation, DType, Graph, Model, Tensor
from rillet.ops import GraphBuilder, evaluate
from rillet.passes.fold_constants import fold_constants
from rillet.runtime import Plan, Session

from ..zoo import zoo

BATCHES, STEPS, INPUTS, CELLS, OUTPUTS = 2, 5, 6, 8, 3


def layer(kind: str, options: tuple[str, ...], shape: tuple[int, ...], **attrs: Any) -> Graph:
    """An LSTM with what `options` name of "coupled", "peephole", "projection" and "norm"."""
    rng, b = np.random.default_rng(0), GraphBuilder()
    outputs = OUTPUTS if "projection" in options else CELLS

    def constant(*size: int) -> Tensor:
        return b.constant(rng.uniform(-0.6, 0.6, size).astype(np.float32))

    def gates(*size: int) -> list[Tensor | None]:
        return [None if i == 0 and "coupled" in options else constant(*size) for i in range(4)]

    def state(name: str, size: int) -> Tensor:
        tensor = b.input(name, (BATCHES, size))
        b.graph.inputs.remove(tensor)
        tensor.is_variable = True
        return tensor

    operands: list[Tensor | None] = [b.input("x", shape), *gates(CELLS, INPUTS), *gates(CELLS, outputs)]
    wanted = {0: "coupled" not in options, 1: True, 2: True}
    operands += [constant(CELLS) if "peephole" in options and wanted[i] else None for i in range(3)]
    operands += gates(CELLS)
    operands += [constant(OUTPUTS, CELLS), constant(OUTPUTS)] if "projection" in options else [None, None]
    operands += [state("hidden", outputs), state("cell", CELLS)]
    if "norm" in options:
        operands += gates(CELLS)
    b.output(b.op(kind, operands, **attrs))
    return b.graph


def run(model: bytes, inputs: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    session = Session(Plan(model))
    for view, values in zip(session.inputs, inputs, strict=True):
        view[...] = values
    session.invoke()
    return [view.copy() for view in session.outputs]


def assert_same(graph: Graph) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, graph.inputs[0].shape).astype(np.float32)
    expected = list(evaluate(graph, [x]).values())
    for ours, theirs in zip(run(write_bytes(Model([graph])), [x]), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.parametrize(
    "options", [(), ("coupled",), ("peephole",), ("projection",), ("norm",), ("coupled", "peephole", "norm")]
)
def test_lstm(options: tuple[str, ...]) -> None:
    attrs = {"fused_activation_function": Activation.TANH, "cell_clip": 0.5, "proj_clip": 0.3}
    assert_same(layer("UNIDIRECTIONAL_SEQUENCE_LSTM", options, (BATCHES, STEPS, INPUTS), **attrs))
    assert_same(layer("UNIDIRECTIONAL_SEQUENCE_LSTM", options, (STEPS, BATCHES, INPUTS), **attrs, time_major=True))
    assert_same(layer("LSTM", options, (BATCHES, INPUTS), **attrs))


@pytest.mark.parametrize("activation", [Activation.NONE, Activation.RELU])
def test_svdf(activation: Activation) -> None:
    rng, b = np.random.default_rng(0), GraphBuilder()
    x, state = b.input("x", (BATCHES, INPUTS)), b.input("state", (BATCHES, 8 * 4))
    b.graph.inputs.remove(state)
    state.is_variable = True
    features, times, bias = (
        b.constant(rng.uniform(-1, 1, size).astype(np.float32)) for size in ((8, INPUTS), (8, 4), 4)
    )
    b.output(b.op("SVDF", [x, features, times, bias, state], rank=2, fused_activation_function=activation))
    assert_same(b.graph)


def test_sparse_constants() -> None:
    """Dense as the runtime makes them while it prepares their readers; folding constants leaves them to it."""
    graph = read(zoo("models/mediapipe/face_detection_full_range_sparse.tflite")).main
    sparse = [op for op in graph.ops if op.kind == "DENSIFY"]
    assert sparse
    for op in sparse[:4]:
        b = GraphBuilder(Graph("main", [], [], [op]))
        dense = op.outputs[0]
        values = b.op("DEQUANTIZE", [dense]) if dense.dtype is DType.FLOAT16 else dense
        x = b.input("zeros", values.shape)
        b.output(b.op("ADD", [x, values]))
        zeros = np.zeros(x.shape, np.float32)
        (expected,) = evaluate(b.graph, [zeros]).values()
        assert 0 < np.count_nonzero(expected) < expected.size
        np.testing.assert_array_equal(run(write_bytes(Model([b.graph])), [zeros])[0], expected)
    fold_constants(graph)
    assert [op for op in graph.ops if op.kind == "DENSIFY"] == sparse
