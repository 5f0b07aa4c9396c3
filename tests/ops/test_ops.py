"""Every case of every operator, in every mode of the harness."""

from __future__ import annotations

import pytest

from rillet.ir import RilletError
from rillet.ops import opdef

from . import harness
from .case import Case

RUNS = harness.runs()
each_run = pytest.mark.parametrize("run", RUNS, ids=harness.run_name)


@each_run
def test_numpy_agrees_with_litert(run: tuple[Case, str]) -> None:
    pytest.importorskip("ai_edge_litert")
    one = harness.build(*run)
    if not one.case.resolver:
        pytest.skip("LiteRT has no kernel for this")
    harness.assert_close(one, harness.run_numpy(one), harness.run_litert(one))


@each_run
def test_shape_rule_gives_the_real_shape(run: tuple[Case, str]) -> None:
    one = harness.build(*run)
    for tensor, result in zip(one.op.outputs, harness.run_numpy(one), strict=True):
        assert len(tensor.shape) == result.ndim
        assert all(d in (None, r) for d, r in zip(tensor.shape, result.shape, strict=True)), tensor.shape
        assert tensor.dtype.numpy == result.dtype


@each_run
def test_shape_rule_keeps_unknown_dimensions(run: tuple[Case, str]) -> None:
    """With any one dimension unknown the rule says the same, or unknown, or refuses in words."""
    one = harness.build(*run)
    definition, known = opdef(one.case.kind), [t.shape for t in one.op.outputs]
    for tensor in one.model.main.inputs:
        whole = tensor.shape
        for axis in range(len(whole)):
            tensor.shape = (*whole[:axis], None, *whole[axis + 1 :])
            try:
                shapes = [shape for shape, _ in definition.infer(one.op)]
            except RilletError:
                continue
            for shape, full in zip(shapes, known, strict=True):
                assert len(shape) == len(full)
                assert all(d in (None, f) for d, f in zip(shape, full, strict=True)), (tensor.name, axis, shape, full)
        tensor.shape = whole
