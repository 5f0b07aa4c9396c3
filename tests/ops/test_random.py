"""Random numbers go on from run to run as LiteRT's do, and start again after a reset."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes

from . import harness
from .case import Case

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, Session


@pytest.mark.parametrize("kind", ["RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL"])
def test_sequence_goes_on(kind: str) -> None:
    pytest.importorskip("ai_edge_litert")
    one = harness.build(Case(kind, "sequence", [[6]], {"seed": 3, "seed2": 9}), "plain")
    judge, ours = harness.litert(one, "BUILTIN_REF"), Session(Plan(write_bytes(one.model)))
    first = None
    for _ in range(3):
        judge.invoke()
        ours.invoke()
        wanted = judge.get_tensor(judge.get_output_details()[0]["index"])
        np.testing.assert_allclose(ours.outputs[0], wanted, rtol=1e-5, atol=1e-6)
        first = ours.outputs[0].copy() if first is None else first
    ours.reset()
    ours.invoke()
    np.testing.assert_array_equal(ours.outputs[0], first)
