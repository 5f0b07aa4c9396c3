"""Every gradient rule against finite differences, first and second derivatives, and in the C runtime."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import Model
from rillet.ops import evaluate, opdef
from rillet.passes import optimize

from . import harness
from .case import Case, Random
from .gradients import Derivatives, is_varied

TOLERANCE = 1e-5  # of a slope, relative to the size of what is summed up in it
FLOAT32_TOLERANCE = 2e-4
C_TOLERANCE = 1e-3  # where gradients are differences of large numbers, another order of summing shows
MOST_ELEMENTS = 8192


# Operators whose rule is not the slope: see tests/autodiff/test_gradients.py.
STRAIGHT_THROUGH = {"FAKE_QUANT", "rillet.FAKE_QUANT", "rillet.FAKE_QUANT_GRADIENT"}


def _is_checked(case: Case) -> bool:
    """Cases of a differentiable operator with a random float operand; those given by value often lie on a kink.

    Large ones reach other code in C, and none here.
    """
    is_differentiable = callable(opdef(case.kind).gradient) and case.kind not in STRAIGHT_THROUGH
    size = sum(np.prod(each.shape) for each in case.operands if isinstance(each, Random))
    is_wanted = is_differentiable and case.is_float and size <= MOST_ELEMENTS
    return is_wanted and any(is_varied(each) for each in case.operands)


CASES = [case for case in harness.collect() if _is_checked(case)]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.kind}-{c.name.replace(' ', '_')}")


def _assert_slopes(derivatives: Derivatives) -> None:
    for name, by_differences, by_gradient, size in derivatives.slopes():
        allowed = TOLERANCE * max(size, abs(by_differences), 1e-3)
        assert abs(by_differences - by_gradient) <= allowed, (name, by_differences, by_gradient, size)


@each_case
def test_gradient_equals_finite_differences(case: Case) -> None:
    _assert_slopes(Derivatives(case))


@each_case
def test_second_derivative_equals_finite_differences(case: Case) -> None:
    _assert_slopes(Derivatives(case, order=2))


@each_case
def test_float32_is_near_float64(case: Case) -> None:
    derivatives = Derivatives(case)
    rough, fine = derivatives.run(derivatives.inputs, float64=False), derivatives.run(derivatives.inputs)
    for got, wanted in zip(rough, fine, strict=True):
        span = float(np.abs(wanted).max(initial=1e-3))
        np.testing.assert_allclose(got, wanted, rtol=FLOAT32_TOLERANCE, atol=FLOAT32_TOLERANCE * span)


@each_case
def test_c_runtime_agrees_after_the_passes(case: Case) -> None:
    runtime = pytest.importorskip("rillet.runtime", reason="the C library is not built", exc_type=ImportError)
    derivatives = Derivatives(case)
    if any(0 in t.shape for op in derivatives.graph.ops for t in op.outputs):
        pytest.skip("the C runtime takes no tensors without elements")
    wanted = evaluate(derivatives.graph, derivatives.inputs)
    model = Model([derivatives.graph])
    optimize(model)
    session = runtime.Session(runtime.Plan(write_bytes(model)))
    for place, value in zip(session.inputs, derivatives.inputs, strict=True):
        place[...] = value
    session.invoke()
    for tensor, got in zip(derivatives.graph.outputs, session.outputs, strict=True):
        span = float(np.abs(wanted[tensor.name]).max(initial=1e-3))
        np.testing.assert_allclose(got, wanted[tensor.name], rtol=C_TOLERANCE, atol=C_TOLERANCE * span)


def test_every_differentiable_operator_is_checked() -> None:
    kinds = {case.kind for case in harness.collect() if callable(opdef(case.kind).gradient)}
    assert kinds - {case.kind for case in CASES} == STRAIGHT_THROUGH
