"""The optimizers' C kernels: variables after some steps against the meaning in numpy, on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model
from rillet.ops import GraphBuilder, opdef
from rillet.ops.variables import Handle, declare

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, Session
from rillet.runtime.native import cpu_isa

STEPS = 3
# Averages, and scalars behind the gradient; None: the number of the step.
OPTIMIZERS = {
    "SGD": (0, (0.1,)),
    "MOMENTUM": (1, (0.1, 0.9)),
    "NESTEROV": (1, (0.1, 0.9)),
    "ADAM": (2, (0.01, 0.9, 0.999, 1e-7, None, 0.02)),
    "RMSPROP": (2, (0.01, 0.9, 0.5, 1e-7)),
    "ADAGRAD": (1, (0.1, 1e-7)),
}


def _session(name: str, shape: tuple[int, ...], isa: str, threads: int) -> Session:
    averages, scalars = OPTIMIZERS[name]
    b = GraphBuilder(Graph("step"))
    handles = [declare(b.op("VAR_HANDLE", [], shared_name=f"v{i}"), shape, DType.FLOAT32) for i in range(averages + 1)]
    gradient = b.input("gradient", shape)
    step = b.input("step", ())
    operands = [b.constant(np.float32(s)) if s is not None else step for s in scalars]
    b.ops(f"rillet.APPLY_{name}", [*handles, gradient, *operands])
    b.output(b.op("READ_VARIABLE", [handles[0]], "new"))
    return Session(Plan(write_bytes(Model([b.graph])), isa=isa, threads=threads), threads)


@pytest.mark.parametrize("isa", cpu_isa())
@pytest.mark.parametrize("shape", [(), (5,), (3, 16), (700, 301)], ids=str)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_variables_after_steps(name: str, shape: tuple[int, ...], isa: str) -> None:
    averages, scalars = OPTIMIZERS[name]
    alone, split = _session(name, shape, isa, 1), _session(name, shape, isa, 3)
    rng = np.random.default_rng(5)
    names = [f"v{i}" for i in range(averages + 1)]
    store = {n: np.asarray(rng.uniform(0 if n != "v0" else -1, 1, shape), np.float32) for n in names}
    for session in (alone, split):
        assert set(session.variables) == set(names)
        for n in names:
            session.variables[n][...] = store[n]
    handles = []
    for n in names:
        handles.append(np.empty((), object))
        handles[-1][()] = Handle(store, n)
    definition = opdef(f"rillet.APPLY_{name}")
    for step in range(1, STEPS + 1):
        gradient = np.asarray(rng.normal(size=shape), np.float32)
        definition.compute(None, [*handles, gradient, *(np.float32(step if s is None else s) for s in scalars)])
        for session in (alone, split):
            session.inputs[0][...] = gradient
            if session.inputs[1].size:
                session.inputs[1][...] = step
            session.invoke()
        np.testing.assert_array_equal(alone.outputs[0], alone.variables["v0"])
        for n in names:
            np.testing.assert_allclose(alone.variables[n], store[n], rtol=2e-5, atol=1e-6, err_msg=f"{n}, step {step}")
            np.testing.assert_array_equal(split.variables[n], alone.variables[n])
