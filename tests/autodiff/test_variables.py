"""Variables in `evaluate`, and constants made variables."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.autodiff import grad, initializer, make_variables, variable
from rillet.flatbuffer import read, write_bytes
from rillet.ir import DType, Graph, Model, Op, RilletError, verify
from rillet.ops import GraphBuilder, ShapeError, evaluate
from rillet.ops.opdef import Array
from rillet.ops.variables import CallOnceAttrs
from rillet.passes import optimize


def _counter() -> Graph:
    """Adds its input to the variable "total" and gives the new sum."""
    b = GraphBuilder()
    x = b.input("x", (2,))
    handle = variable(b, "total", (2,), DType.FLOAT32)
    total = b.op("ADD", [b.op("READ_VARIABLE", [handle]), x])
    b.ops("ASSIGN_VARIABLE", [handle, total])
    b.output(b.op("READ_VARIABLE", [handle]), "sum")
    verify(b.graph)
    return b.graph


def test_runs_share_a_store() -> None:
    graph, store = _counter(), {"total": np.zeros(2, np.float32)}
    for wanted in (1, 2, 3):
        np.testing.assert_array_equal(evaluate(graph, [np.ones(2)], variables=store)["sum"], [wanted] * 2)
    np.testing.assert_array_equal(store["total"], [3, 3])


def test_passes_keep_the_order_of_effects() -> None:
    graph, store = _counter(), {"total": np.zeros(2, np.float32)}
    optimize(Model([graph]))
    np.testing.assert_array_equal(evaluate(graph, [np.ones(2)], variables=store)["sum"], [1, 1])
    assert [op.kind for op in graph.ops].count("READ_VARIABLE") == 2


def test_a_variable_without_value_is_an_error() -> None:
    with pytest.raises(RilletError, match="'total' is read before it has a value"):
        evaluate(_counter(), [np.ones(2)])


def test_call_once_gives_first_values_from_a_file() -> None:
    graph = _counter()
    graph.ops.insert(0, Op("CALL_ONCE", [], [], CallOnceAttrs(init_subgraph_index=1)))
    model = read(write_bytes(Model([graph, initializer({"total": np.array([5.0, 6.0], np.float32)})])))
    store: dict[str, Array] = {}
    for wanted in ([6, 7], [7, 8]):
        got = evaluate(model.main, [np.ones(2)], variables=store, graphs=model.graphs)["sum"]
        np.testing.assert_array_equal(got, wanted)
    with pytest.raises(RilletError, match="names graph 1 of 0"):
        evaluate(model.main, [np.ones(2)])


def test_handles_of_one_name_are_one_variable() -> None:
    b = GraphBuilder()
    first, second = (b.op("VAR_HANDLE", [], shared_name="v") for _ in range(2))
    b.ops("ASSIGN_VARIABLE", [first, b.constant(3.0)])
    with pytest.raises(ShapeError, match="nothing says what"):
        b.op("READ_VARIABLE", [second])
    assert variable(b, "v", (), DType.FLOAT32) is first
    b.output(b.op("READ_VARIABLE", [first]), "v")
    assert evaluate(b.graph, [])["v"] == 3


def test_what_does_not_fit_a_variable_is_refused() -> None:
    b = GraphBuilder()
    handle = variable(b, "v", (3,), DType.FLOAT32)
    with pytest.raises(ShapeError, match="cannot hold"):
        b.ops("ASSIGN_VARIABLE", [handle, b.constant(np.ones(3, np.int32))])
    with pytest.raises(ShapeError, match="does not fit"):
        b.ops("rillet.APPLY_SGD", [handle, b.constant(np.ones(4, np.float32)), b.constant(0.1)])
    with pytest.raises(ShapeError, match="not a scalar"):
        b.ops("rillet.APPLY_SGD", [handle, b.constant(np.ones(3, np.float32)), b.constant([0.1])])
    with pytest.raises(ShapeError, match="inputs, not 3"):
        b.ops("rillet.APPLY_SGD", [handle, b.constant(np.ones(3, np.float32))])


def test_the_gradient_of_a_variable_is_that_of_all_its_readers() -> None:
    b = GraphBuilder()
    handle = variable(b, "v", (2,), DType.FLOAT32)
    first, second = b.op("READ_VARIABLE", [handle]), b.op("READ_VARIABLE", [handle])
    b.output(b.op("MUL", [first, b.op("MUL", [second, second])]), "cube")
    values = np.array([2.0, -1.0], np.float32)
    got = evaluate(grad(b.graph, b.graph.outputs[0], [handle]), [], variables={"v": values})
    np.testing.assert_allclose(list(got.values())[1], 3 * values**2)


def test_constants_become_variables() -> None:
    b = GraphBuilder()
    w = b.constant(np.array([2.0, 3.0], np.float32), "w")
    b.output(b.op("MUL", [b.op("ADD", [b.input("x", (2,)), w]), w]), "y")
    wanted = evaluate(b.graph, [np.ones(2)])["y"]
    make_variables(b.graph, [w])
    verify(b.graph)
    assert w.data is not None
    np.testing.assert_array_equal(evaluate(b.graph, [np.ones(2)], variables={"w": w.data})["y"], wanted)
    np.testing.assert_array_equal(evaluate(b.graph, [np.ones(2)], variables={"w": np.zeros(2)})["y"], np.zeros(2))
