"""Training graphs in the C runtime: the same steps as in numpy, in less memory where results are computed again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rillet.autodiff import SGD, Adagrad, Adam, Optimizer, RMSprop, TrainingGraph, clip_by_global_norm, training_graph
from rillet.flatbuffer import write_bytes
from rillet.ir import Model
from rillet.ops import evaluate
from rillet.passes import optimize

from .models import Classifier

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, Session


def _training(model: Classifier, optimizer: Optimizer, **options: Any) -> TrainingGraph:
    return training_graph(model.graph, model.loss, list(model.parameters.values()), optimizer, **options)


def _session(training: TrainingGraph) -> Session:
    model = Model([training.graph])
    optimize(model)
    session = Session(Plan(write_bytes(model)))
    for name, value in training.variables.items():
        session.variables[name][...] = value
    return session


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (SGD(0.1), {}),
        (SGD(0.1, 0.9), {"recompute": "segments"}),
        (SGD(0.1, 0.9, True), {"clip": clip_by_global_norm(1.0)}),
        (Adam(0.01, weight_decay=0.01), {"recompute": "all"}),
        (RMSprop(0.01, momentum=0.5), {}),
        (Adagrad(0.1), {}),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Optimizer) else "-".join(each),
)
def test_steps_equal_numpy(optimizer: Optimizer, options: dict[str, Any]) -> None:
    model = Classifier(depth=3)
    training = _training(model, optimizer, **options)
    session = _session(training)
    names = [t.name for t in training.graph.outputs]
    for seed in range(4):
        batch = model.batch(seed)
        wanted = evaluate(training.graph, batch, variables=training.variables)
        for place, value in zip(session.inputs, batch, strict=True):
            place[...] = value
        session.invoke()
        np.testing.assert_allclose(session.outputs[names.index("loss")], wanted["loss"], rtol=1e-4)
    assert session.variables.keys() == training.variables.keys()
    for name, value in training.variables.items():
        np.testing.assert_allclose(session.variables[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


def test_recomputing_takes_less_arena() -> None:
    model = Classifier(depth=12)
    kept, segments, everything = (
        _session(_training(model, SGD(0.1), recompute=each)).plan.arena_bytes for each in (None, "segments", "all")
    )
    assert everything < segments < 0.75 * kept, (kept, segments, everything)
