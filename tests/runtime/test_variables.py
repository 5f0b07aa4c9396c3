"""Resource variables in the C runtime: when a read is a copy, and how Python sees them."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Tensor
from rillet.ops import GraphBuilder
from rillet.ops.variables import declare
from rillet.runtime import Plan, RuntimeFailure, Session

SHAPE = (2, 3)


class Builder(GraphBuilder):
    """A graph with one variable `w` and an input `x` of its shape."""

    def __init__(self) -> None:
        super().__init__(Graph("main"))
        self.handle = declare(self.op("VAR_HANDLE", [], shared_name="w"), SHAPE, DType.FLOAT32)
        self.x = self.input("x", SHAPE)

    def read(self) -> Tensor:
        return self.op("READ_VARIABLE", [self.handle])

    def assign(self, value: Tensor) -> None:
        self.ops("ASSIGN_VARIABLE", [self.handle, value])

    def session(self, **options: bool) -> Session:
        return Session(Plan(write_bytes(Model([self.graph])), **options))


def _kinds(b: Builder, session: Session) -> list[str]:
    """The operators that take a step."""
    return [b.graph.ops[step.op].kind for step in session.plan.steps]


def test_variables_are_views_by_name() -> None:
    b = Builder()
    b.output(b.op("ADD", [b.read(), b.x]))
    session = b.session()
    (variable,) = session.plan.variables
    assert (variable.name, variable.shape, variable.nbytes) == ("w", SHAPE, 24)
    session.variables["w"][...] = 5
    session.inputs[0][...] = 1
    session.invoke()
    np.testing.assert_array_equal(session.outputs[0], np.full(SHAPE, 6, np.float32))
    session.reset()
    np.testing.assert_array_equal(session.variables["w"], np.zeros(SHAPE, np.float32))


def test_a_read_before_the_assignment_copies_nothing() -> None:
    b = Builder()
    b.assign(b.op("ADD", [b.read(), b.x]))
    session = b.session()
    assert _kinds(b, session) == ["ADD", "ASSIGN_VARIABLE"]
    for n in range(1, 4):
        session.inputs[0][...] = 2
        session.invoke()
        np.testing.assert_array_equal(session.variables["w"], np.full(SHAPE, 2 * n, np.float32))


def test_old_values_survive_the_assignment() -> None:
    """The old value is an operand behind the assignment, once under another shape, and an output."""
    for use in ("operand", "reshaped", "output"):
        b = Builder()
        old = b.read()
        if use == "reshaped":
            old = b.op("RESHAPE", [old, b.constant([6])], new_shape=np.array([6], np.int32))
        b.assign(b.x)
        b.output(old if use == "output" else b.op("NEG", [old]))
        session = b.session()
        for value in (3, 4):
            before = session.variables["w"].copy()
            session.inputs[0][...] = value
            session.invoke()
            want = before if use == "output" else -before
            np.testing.assert_array_equal(session.outputs[0].reshape(SHAPE), want, err_msg=use)
            np.testing.assert_array_equal(session.variables["w"], np.full(SHAPE, value, np.float32))


def test_a_reshaped_read_copies_nothing_where_it_is_read_in_time() -> None:
    b = Builder()
    flat = b.op("RESHAPE", [b.read(), b.constant([6])], new_shape=np.array([6], np.int32))
    b.output(b.op("NEG", [flat]))
    b.assign(b.x)
    session = b.session()
    assert _kinds(b, session) == ["NEG", "ASSIGN_VARIABLE"]
    session.variables["w"][...] = np.arange(6).reshape(SHAPE)
    session.invoke()
    np.testing.assert_array_equal(session.outputs[0], -np.arange(6, dtype=np.float32))


def test_results_do_not_overwrite_a_variable() -> None:
    """Elementwise operators work in place, but not in a variable's memory."""
    b = Builder()
    b.output(b.op("NEG", [b.op("EXP", [b.read()])]))
    session = b.session()
    session.variables["w"][...] = 1
    session.invoke()
    np.testing.assert_array_equal(session.variables["w"], np.ones(SHAPE, np.float32))


def test_keep_all_keeps_what_was_read() -> None:
    b = Builder()
    old = b.read()
    b.assign(b.op("ADD", [old, b.x]))
    session = b.session(keep_all=True)
    session.inputs[0][...] = 1
    session.invoke()
    tensors = [t for op in b.graph.ops for t in op.outputs]
    assert old in tensors and "READ_VARIABLE" in _kinds(b, session)


def test_a_variable_has_one_shape() -> None:
    b = Builder()
    b.output(b.read())
    b.handle.extra.clear()
    b.assign(b.op("RESHAPE", [b.x, b.constant([6])], new_shape=np.array([6], np.int32)))
    with pytest.raises(RuntimeFailure, match="another shape than the variable has"):
        b.session()
