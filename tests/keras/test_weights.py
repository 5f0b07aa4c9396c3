"""Initializers, regularizers, constraints and schedules against Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rillet import keras as ours

from .test_layers import close

INITIALIZERS = [
    ("Zeros", {}), ("Ones", {}), ("Constant", {"value": 0.3}), ("RandomNormal", {"mean": 1.0, "stddev": 0.2}),
    ("TruncatedNormal", {"stddev": 0.3}), ("RandomUniform", {"minval": -1.0, "maxval": 2.0}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"}),
    ("GlorotUniform", {}), ("GlorotNormal", {}), ("HeUniform", {}), ("HeNormal", {}), ("LecunUniform", {}),
    ("LecunNormal", {}), ("Identity", {"gain": 2.0}), ("Orthogonal", {"gain": 1.5}),
]  # fmt: skip
WEIGHTS = np.random.default_rng(3).standard_normal((6, 5), np.float32)


@pytest.mark.parametrize(("name", "options"), INITIALIZERS)
def test_initializers(name: str, options: dict[str, Any], keras: Any) -> None:
    """Moments and limits, since the random numbers differ; the same numbers again with a seed."""
    own, theirs = getattr(ours.initializers, name)(**options), getattr(keras.initializers, name)(**options)
    shape = (120, 90) if name in ("Identity", "Orthogonal") else (3, 3, 50, 70)
    values, wanted = own(shape).numpy(), np.asarray(theirs(shape))
    close(values.mean(), wanted.mean(), 6e-2 * max(wanted.std(), 1e-3))
    close(values.std(), wanted.std(), 2e-2)
    close(values.max(), wanted.max(), 1e-6 if "Uniform" not in name and wanted.std() == 0 else 0.3)
    config = {key: value for key, value in theirs.get_config().items() if key != "seed" and "_axes" not in key}
    assert config == {key: own.get_config()[key] for key in config}
    if "seed" in own.get_config():
        seeded = getattr(ours.initializers, name)(**options, seed=5)
        np.testing.assert_array_equal(seeded(shape), seeded(shape))
        assert (seeded(shape).numpy() != values).any()
    if name == "Orthogonal":
        close(values.T @ values, 1.5**2 * np.eye(90), 1e-4)


@pytest.mark.parametrize(
    ("name", "options"), [("L1", {"l1": 0.1}), ("L2", {"l2": 0.1}), ("L1L2", {"l1": 0.1, "l2": 0.2})]
)
def test_regularizers(name: str, options: dict[str, Any], keras: Any) -> None:
    own, theirs = getattr(ours.regularizers, name)(**options), getattr(keras.regularizers, name)(**options)
    close(own(WEIGHTS), theirs(WEIGHTS))
    assert own.get_config() == pytest.approx(theirs.get_config())


CONSTRAINTS = [
    ("MaxNorm", {"max_value": 1.5, "axis": 0}), ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}), ("NonNeg", {}),
    ("UnitNorm", {"axis": 1}), ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.7, "axis": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CONSTRAINTS)
def test_constraints(name: str, options: dict[str, Any], keras: Any) -> None:
    own, theirs = getattr(ours.constraints, name)(**options), getattr(keras.constraints, name)(**options)
    close(own(WEIGHTS), theirs(WEIGHTS))
    assert own.get_config() == theirs.get_config()


SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 12], "values": [0.3, 0.2, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 15, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 9, "warmup_target": 0.2, "warmup_steps": 4}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "m_mul": 0.5, "alpha": 0.1}),
]


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_schedules(name: str, options: dict[str, Any], keras: Any) -> None:
    own = getattr(ours.optimizers.schedules, name)(**options)
    theirs = getattr(keras.optimizers.schedules, name)(**options)
    for step in range(24):
        assert own(step) == pytest.approx(float(theirs(step)), rel=1e-5, abs=1e-8)
    assert own.get_config() == theirs.get_config()
    assert type(own).from_config(own.get_config()).get_config() == own.get_config()
