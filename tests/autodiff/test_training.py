"""The training graph: it learns, its optimizers are the formulas, and its updates come at the right moment."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.autodiff import (
    SGD,
    Adagrad,
    Adam,
    Clip,
    GradientError,
    Optimizer,
    RMSprop,
    TrainingGraph,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    grad,
    initializer,
    schedule_updates,
    training_graph,
    variable,
)
from rillet.flatbuffer import read, write_bytes
from rillet.ir import DType, Graph, Model, Op, RilletError, verify
from rillet.memory import plan
from rillet.ops import GraphBuilder, evaluate
from rillet.ops.opdef import Array
from rillet.ops.variables import CallOnceAttrs
from rillet.passes import optimize

from .models import Classifier

OPTIMIZERS = [SGD(0.1), SGD(0.05, 0.9), SGD(0.05, 0.9, True), Adam(0.01), Adam(0.01, weight_decay=0.01),
              RMSprop(0.01, momentum=0.5), Adagrad(0.1)]  # fmt: skip


def _training(model: Classifier, optimizer: Optimizer, **options: object) -> TrainingGraph:
    made = training_graph(model.graph, model.loss, list(model.parameters.values()), optimizer, **options)  # type: ignore[arg-type]
    verify(made.graph)
    return made


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_every_optimizer_learns(optimizer: Optimizer) -> None:
    model = Classifier()
    training = _training(model, optimizer)
    losses = [evaluate(training.graph, model.batch(i % 4), variables=training.variables)["loss"] for i in range(60)]
    assert np.mean(losses[-4:]) < 0.3 * np.mean(losses[:4]), losses


def _one_parameter(optimizer: Optimizer, clip: Clip | None = None) -> TrainingGraph:
    """loss = sum(x * w): the gradient is x."""
    b = GraphBuilder()
    w = b.constant(np.array([1.0, -2.0, 3.0], np.float32), "w")
    b.output(b.op("MUL", [b.input("x", (3,)), w]), "loss")
    return training_graph(b.graph, b.graph.outputs[0], [w], optimizer, clip)


GRADIENTS = [np.array(g, np.float64) for g in ([1, -1, 0.5], [0.5, 2, -1], [-3, 0.25, 1])]


def _steps(training: TrainingGraph) -> list[Array]:
    values = []
    for gradient in GRADIENTS:
        evaluate(training.graph, [gradient], variables=training.variables)
        values.append(np.array(training.variables["w"]))
    return values


def test_adam_is_the_formula() -> None:
    """Kingma and Ba 2015 with decoupled decay, bias corrections written out, where Keras folds them in the rate."""
    w, m, v = np.array([1.0, -2.0, 3.0]), np.zeros(3), np.zeros(3)
    for t, (g, got) in enumerate(
        zip(GRADIENTS, _steps(_one_parameter(Adam(0.1, epsilon=0.0, weight_decay=0.1))), strict=True), 1
    ):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w * (1 - 0.1 * 0.1) - 0.1 * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.999**t))
        np.testing.assert_allclose(got, w, rtol=1e-5)


def test_nesterov_looks_ahead() -> None:
    w, m = np.array([1.0, -2.0, 3.0]), np.zeros(3)
    for g, got in zip(GRADIENTS, _steps(_one_parameter(SGD(0.1, 0.5, True))), strict=True):
        m = 0.5 * m - 0.1 * g
        w = w + 0.5 * m - 0.1 * g
        np.testing.assert_allclose(got, w, rtol=1e-6)


def test_rmsprop_and_adagrad_are_the_formulas() -> None:
    w, v, total, u = np.array([1.0, -2.0, 3.0]), np.zeros(3), np.full(3, 0.1), np.array([1.0, -2.0, 3.0])
    rms, ada = _steps(_one_parameter(RMSprop(0.1))), _steps(_one_parameter(Adagrad(0.1)))
    for g, by_rms, by_ada in zip(GRADIENTS, rms, ada, strict=True):
        v, total = 0.9 * v + 0.1 * g * g, total + g * g
        w, u = w - 0.1 * g / np.sqrt(v + 1e-7), u - 0.1 * g / np.sqrt(total + 1e-7)
        np.testing.assert_allclose(by_rms, w, rtol=1e-5)
        np.testing.assert_allclose(by_ada, u, rtol=1e-5)


@pytest.mark.parametrize(
    ("clip", "wanted"),
    [
        (clip_by_value(0.75), [0.75, -0.75, 0.5]),
        (clip_by_norm(1.0), np.array([1, -1, 0.5]) / 1.5),
        (clip_by_norm(2.0), [1, -1, 0.5]),
        (clip_by_global_norm(0.5), np.array([1, -1, 0.5]) / 3),
    ],
)
def test_clipping(clip: Clip, wanted: list[float]) -> None:
    moved = _steps(_one_parameter(SGD(1.0), clip))[0]
    np.testing.assert_allclose(np.array([1.0, -2.0, 3.0]) - moved, wanted, rtol=1e-5)


def test_the_global_norm_is_of_all_gradients_together() -> None:
    model = Classifier()
    plain, clipped = _training(model, SGD(1.0)), _training(model, SGD(1.0), clip=clip_by_global_norm(0.1))
    moves = []
    for training in (plain, clipped):
        before = {name: training.variables[name].copy() for name in training.parameters}
        evaluate(training.graph, model.batch(), variables=training.variables)
        moves.append(np.concatenate([(training.variables[n] - before[n]).reshape(-1) for n in before]))
    np.testing.assert_allclose(moves[1], moves[0] * 0.1 / np.linalg.norm(moves[0]), rtol=1e-4, atol=1e-6)


def test_the_learning_rate_may_be_an_input() -> None:
    b = GraphBuilder()
    w, rate = b.constant(np.ones(2, np.float32), "w"), b.input("rate", ())
    b.output(b.op("MUL", [b.input("x", (2,)), w]), "loss")
    training = training_graph(b.graph, b.graph.outputs[0], [w], SGD(rate))
    for wanted, each in ((0.5, 0.5), (0.25, 0.25)):
        evaluate(training.graph, {"rate": np.float32(each), "x": np.ones(2)}, variables=training.variables)
        np.testing.assert_allclose(training.variables["w"], wanted)


def test_updates_follow_the_last_reader_at_once() -> None:
    """No parameter changes before its old value was read for the last time; no gradient waits for the end."""
    model = Classifier(depth=3)
    graph = _training(model, Adam()).graph
    updates = [i for i, op in enumerate(graph.ops) if op.kind == "rillet.APPLY_ADAM"]
    assert updates[0] < len(graph.ops) - 15
    for i in updates:
        handle = graph.ops[i].inputs[0]
        values = {op.outputs[0] for op in graph.ops if op.kind == "READ_VARIABLE" and op.inputs[0] is handle}
        assert not any(t in values for op in graph.ops[i:] for t in op.inputs)


def test_updates_stay_between_their_reads() -> None:
    """What is read after an update is the new value, wherever the update goes."""
    b = GraphBuilder()
    x, handle = b.input("x", ()), variable(b, "v", (), DType.FLOAT32)
    before = b.op("READ_VARIABLE", [handle])
    late = b.op("MUL", [before, x])
    for value in (x, late):
        b.ops("rillet.APPLY_SGD", [handle, value, b.constant(1.0)])
        b.output(b.op("NEG", [b.op("READ_VARIABLE", [handle])]))
    b.output(b.op("EXP", [late]))
    values = []
    for _ in range(2):
        values.append(list(evaluate(b.graph, [np.float32(3)], variables={"v": np.float32(10)}).values()))
        schedule_updates(b.graph)
        verify(b.graph)
    assert values[0] == values[1] and values[0][:2] == [-7, 23]


def test_updates_at_once_need_less_memory_than_at_the_end() -> None:
    model = Classifier(depth=6, channels=32)
    graph = _training(model, SGD(0.1)).graph
    at_the_end = Graph(
        "end", graph.inputs, graph.outputs, sorted(graph.ops, key=lambda op: op.kind == "rillet.APPLY_SGD")
    )
    assert plan(graph).total_bytes < plan(at_the_end).total_bytes


@pytest.mark.parametrize("recompute", ["segments", "all"])
def test_recomputing_changes_no_number(recompute: str) -> None:
    model = Classifier(depth=8)
    plain, again = _training(model, Adam(0.01)), _training(model, Adam(0.01), recompute=recompute)
    for seed in range(2):
        for training in (plain, again):
            evaluate(training.graph, model.batch(seed), variables=training.variables)
    for name, value in plain.variables.items():
        np.testing.assert_array_equal(again.variables[name], value, err_msg=name)
    assert plan(again.graph).total_bytes < plan(plain.graph).total_bytes


def test_a_step_is_the_gradient_of_the_graph() -> None:
    model = Classifier()
    training = _training(model, SGD(0.5))
    gradients = evaluate(grad(model.graph, model.loss, list(model.parameters.values())), model.batch())
    before = dict(training.variables)
    evaluate(training.graph, model.batch(), variables=training.variables)
    for name in model.parameters:
        np.testing.assert_allclose(
            training.variables[name], before[name] - 0.5 * gradients[f"gradient/{name}"], rtol=1e-6
        )


def test_passes_and_a_file_keep_the_step() -> None:
    """With its variables' first values in a graph of the file, called once."""
    model = Classifier(depth=2)
    training = _training(model, Adam(0.01))
    start = Op("CALL_ONCE", [], [], CallOnceAttrs(init_subgraph_index=1))
    graph = Graph("train", training.graph.inputs, training.graph.outputs, [start, *training.graph.ops])
    stored = Model([graph, initializer(training.variables)])
    optimize(stored)
    again = read(write_bytes(stored))
    verify(again)
    variables: dict[str, Array] = {}
    for seed in range(2):
        wanted = evaluate(training.graph, model.batch(seed), variables=training.variables)
        got = evaluate(again.main, model.batch(seed), variables=variables, graphs=again.graphs)
        np.testing.assert_allclose(got["loss"], wanted["loss"], rtol=1e-5)
    assert variables.keys() == training.variables.keys()
    for name, value in training.variables.items():
        np.testing.assert_allclose(variables[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_refusals() -> None:
    model = Classifier()
    unused = GraphBuilder(model.graph).constant(np.ones(3, np.float32), "unused")
    with pytest.raises(RilletError, match="'unused'"):
        _ = training_graph(model.graph, model.loss, [unused], SGD())
    with pytest.raises(RilletError, match="no constants"):
        _ = training_graph(model.graph, model.loss, [model.graph.inputs[0]], SGD())
    b = GraphBuilder()
    w, loss = b.constant(np.ones(3, np.float32), "w"), b.op("NEG", [b.input("x", (3,))])
    b.output(b.op("NEG", [w]), "other")
    b.output(loss, "loss")
    with pytest.raises(GradientError, match="does not depend on"):
        _ = training_graph(b.graph, loss, [w], SGD())
