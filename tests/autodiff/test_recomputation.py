"""Results computed again in the backward pass: less memory, the same numbers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rillet.autodiff import Recompute, grad
from rillet.flatbuffer import read, write_bytes
from rillet.ir import RECOMPUTED, Graph, Model, RilletError, verify
from rillet.memory import plan
from rillet.ops import GraphBuilder, count_macs, evaluate
from rillet.passes import optimize

from .models import Classifier


def _graph(model: Classifier, recompute: Recompute | None) -> Graph:
    graph = grad(model.graph, model.loss, list(model.parameters.values()), recompute)
    verify(graph)
    return graph


def _assert_same(model: Classifier, graph: Graph) -> None:
    wanted, got = evaluate(_graph(model, None), model.batch()), evaluate(graph, model.batch())
    assert wanted.keys() == got.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


def _macs(graph: Graph) -> int:
    return sum(count_macs(op) or 0 for op in graph.ops)


def test_segments_trade_one_forward_pass_for_memory() -> None:
    model = Classifier(depth=16)
    kept, again = _graph(model, None), _graph(model, "segments")
    _assert_same(model, again)
    before, after = plan(kept).total_bytes, plan(again).total_bytes
    assert after < 0.6 * before, (before, after)
    forward = _macs(model.graph)
    assert _macs(kept) < _macs(again) < _macs(kept) + forward


def test_all_needs_least_memory_and_most_time() -> None:
    model = Classifier(depth=12)
    segments, everything = _graph(model, "segments"), _graph(model, "all")
    _assert_same(model, everything)
    assert plan(everything).total_bytes < plan(segments).total_bytes
    assert _macs(everything) > _macs(segments)


@pytest.mark.parametrize("recompute", ["segments", "all"])
def test_nothing_is_computed_again_where_that_saves_nothing(recompute: Recompute) -> None:
    model = Classifier(depth=6)
    last = [model.parameters["dense/kernel"], model.parameters["dense/bias"]]
    kept, again = (grad(model.graph, model.loss, last, each) for each in (None, recompute))
    assert len(again.ops) == len(kept.ops)


def test_chosen_ops_and_tensors() -> None:
    model = Classifier(depth=3)
    ops = {op.outputs[0].name: op for op in model.graph.ops}
    graph = _graph(model, [ops["conv1"], ops["pool"].inputs[0]])
    _assert_same(model, graph)
    repeated = [t.name for op in graph.ops for t in op.outputs if t.name.startswith(RECOMPUTED)]
    assert repeated == [f"{RECOMPUTED}conv1", f"{RECOMPUTED}conv2"]


def test_passes_do_not_merge_what_is_computed_again() -> None:
    model = Classifier(depth=16)
    graph = _graph(model, "segments")
    again = read(write_bytes(Model([graph])))
    optimize(again)
    count = Counter(op.kind for op in graph.ops)["CONV_2D"]
    assert count > 16 and Counter(op.kind for op in again.main.ops)["CONV_2D"] == count
    assert plan(again.main).total_bytes <= plan(graph).total_bytes


def test_random_numbers_are_not_drawn_again() -> None:
    b = GraphBuilder()
    x = b.input("x", (4,))
    y = b.op("EXP", [b.op("EXP", [x])])
    b.output(y, "y")
    with pytest.raises(RilletError, match="no result of the forward pass"):
        grad(b.graph, y, [x], [x])
