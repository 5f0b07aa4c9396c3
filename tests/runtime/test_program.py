"""Signatures that share variables: on one arena (Program), and with an arena each (Interpreter)."""

from __future__ import annotations

import numpy as np
import pytest

import rillet
from rillet.autodiff import initializer, variable
from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, RilletError, Signature
from rillet.ops import GraphBuilder
from rillet.ops.variables import CallOnceAttrs
from rillet.runtime import Plan, Program, RuntimeFailure, SharedVariables, plan_signatures

FIRST = np.arange(5, dtype=np.float32)


def _file() -> bytes:
    """`add(x)` adds to variable `total` and counts in `count`; `total()` gives the first; `set(x)` assigns it."""
    add, total, assign = GraphBuilder(Graph("add")), GraphBuilder(Graph("total")), GraphBuilder(Graph("set"))
    for b in (add, total, assign):
        b.graph.ops.append(Op("CALL_ONCE", [], [], CallOnceAttrs(init_subgraph_index=3)))
    count = variable(add, "count", (), DType.FLOAT32)
    one = add.constant(np.float32(1))
    counted = add.op("ADD", [add.op("READ_VARIABLE", [count]), one])
    add.ops("ASSIGN_VARIABLE", [count, counted])
    x = add.input("x", (5,))
    handle = variable(add, "total", (5,), DType.FLOAT32)
    add.ops("ASSIGN_VARIABLE", [handle, add.op("ADD", [add.op("READ_VARIABLE", [handle]), x])])
    add.output(counted, "counted")
    total.output(total.op("READ_VARIABLE", [variable(total, "total", (5,), DType.FLOAT32)]), "value")
    given = assign.input("x", (5,))
    assign.ops("ASSIGN_VARIABLE", [variable(assign, "total", (5,), DType.FLOAT32), given])
    graphs = [add.graph, total.graph, assign.graph]
    values = {"total": FIRST, "count": np.zeros((), np.float32)}
    signatures = [
        Signature("add", {"x": x}, {"counted": add.graph.outputs[0]}, 0),
        Signature("total", {}, {"value": total.graph.outputs[0]}, 1),
        Signature("set", {"x": given}, {}, 2),
    ]
    return write_bytes(Model([*graphs, initializer(values)], signatures))


def test_signatures_share_variables_on_one_arena() -> None:
    program, x = Program(_file()), np.full(5, 2, np.float32)
    np.testing.assert_array_equal(program.run("total", {})["value"], FIRST)
    assert [float(program.run("add", {"x": x})["counted"]) for _ in range(3)] == [1, 2, 3]
    np.testing.assert_array_equal(program.run("total", {})["value"], FIRST + 6)
    program.run("set", {"x": x})
    np.testing.assert_array_equal(program.run("total", {})["value"], x)
    np.testing.assert_array_equal(program.variables["total"], x)
    program.reset()
    np.testing.assert_array_equal(program.run("total", {})["value"], FIRST)
    assert float(program.run("add", {"x": x})["counted"]) == 1


def test_interpreter_signatures_share_variables() -> None:
    interpreter, x = rillet.Interpreter(model_content=_file()), np.full(5, 2, np.float32)
    add, total, assign = (interpreter.get_signature_runner(key) for key in ("add", "total", "set"))
    np.testing.assert_array_equal(total()["value"], FIRST)
    assert [float(add(x=x)["counted"]) for _ in range(2)] == [1, 2]
    np.testing.assert_array_equal(total()["value"], FIRST + 4)
    assign(x=x)
    np.testing.assert_array_equal(total()["value"], x)
    add(x=x)
    np.testing.assert_array_equal(total()["value"], x + x)


def test_litert_agrees() -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    peer, program, x = litert.Interpreter(model_content=_file()), Program(_file()), np.full(5, 2, np.float32)
    for key, arrays in (
        ("total", {}),
        ("add", {"x": x}),
        ("total", {}),
        ("set", {"x": x}),
        ("add", {"x": x}),
        ("total", {}),
    ):
        here, there = program.run(key, arrays), peer.get_signature_runner(key)(**arrays)
        for name, value in here.items():
            np.testing.assert_array_equal(value, there[name])


def test_a_first_value_is_in_one_plan_only() -> None:
    plans = plan_signatures(_file(), self_contained=True)
    offsets = {key: {v.name: v.arena_offset for v in plan.variables} for key, plan in plans.items()}
    assert offsets["add"]["total"] == offsets["total"]["total"] == offsets["set"]["total"]
    holding = [key for key, plan in plans.items() if FIRST.tobytes() in bytes(plan.image)]
    assert holding == ["add"]
    assert len(plans["total"].steps) == len(plans["set"].steps) == 0


@pytest.mark.parametrize(
    "shared",
    [
        SharedVariables({"total": 4}, 64),
        SharedVariables({"total": 64}, 64),
        SharedVariables({"total": 0}, 20),
    ],
)
def test_places_that_cannot_be(shared: SharedVariables) -> None:
    with pytest.raises(RuntimeFailure):
        Plan(_file(), shared=shared)


def test_wrong_calls() -> None:
    program = Program(_file())
    with pytest.raises(RilletError, match="no signature 'sub'"):
        program.run("sub", {})
    with pytest.raises(RilletError, match=r"takes \['x'\]"):
        program.run("add", {})
    with pytest.raises(RilletError, match="float32"):
        program.run("add", {"x": np.zeros(4, np.float32)})
