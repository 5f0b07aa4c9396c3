"""Families of kernels are left out where a plan or the environment says so, and results stay what they are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Model
from rillet.ops import GraphBuilder
from rillet.runtime import Plan, Session, cpu_isa


@pytest.fixture(scope="module")
def convolution() -> bytes:
    """3x3, 16 channels to 16, where the winograd form is the fastest on wide vectors."""
    rng, g = np.random.default_rng(0), GraphBuilder()
    filters = g.constant(rng.standard_normal((16, 3, 3, 16)).astype(np.float32), "filters")
    g.output(g.op("CONV_2D", [g.input("x", (1, 24, 24, 16), DType.FLOAT32), filters]))
    return write_bytes(Model([g.graph]))


def result(model: bytes, kernels: str | None) -> tuple[str, NDArray[np.float32]]:
    plan = Plan(model, kernels=kernels)
    session = Session(plan)
    session.inputs[0][...] = np.random.default_rng(1).standard_normal(session.inputs[0].shape)
    session.invoke()
    return plan.steps[0].kernel, session.outputs[0].copy()


def test_families_are_left_out(convolution: bytes) -> None:
    best, expected = result(convolution, None)
    if "winograd" not in best:
        pytest.skip("this CPU has no winograd kernel")
    for kernels, kernel in (("-winograd", best.replace("winograd_", "")), ("-packed,-winograd", "conv_2d_f32"),
                            ("-wino", best), ("", best)):  # fmt: skip
        chosen, values = result(convolution, kernels)
        assert chosen == kernel
        np.testing.assert_allclose(values, expected, atol=1e-4)


def test_the_environment_leaves_out_too(convolution: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RILLET_KERNELS", "-packed,-winograd")
    assert result(convolution, None)[0] == "conv_2d_f32"
    assert (result(convolution, "")[0] == "conv_2d_f32") == (cpu_isa() == ["scalar"])


def test_steps_are_split_by_their_time(convolution: bytes) -> None:
    """5 MMAC are worth two threads, a few hundred elements are not."""
    g = GraphBuilder()
    g.output(g.op("TANH", [g.input("x", (1, 200), DType.FLOAT32)]))
    assert [step.tasks for step in Plan(convolution, threads=2).steps] == [2]
    assert [step.tasks for step in Plan(write_bytes(Model([g.graph])), threads=2).steps] == [1]
