"""Losses and metrics against Keras: values, weights, masks, configurations, several batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rillet import keras as ours
from rillet.ir import RilletError

from .test_layers import close

pytestmark = [  # of Keras's NumPy backend
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning"),
]

RANDOM = np.random.default_rng(5)
SCORES = RANDOM.random((6, 4, 5), np.float32)
CHANCES = SCORES / SCORES.sum(-1, keepdims=True)
LOGITS = RANDOM.standard_normal((6, 4, 5), np.float32)
CLASSES = RANDOM.integers(0, 5, (6, 4))
ONE_HOT = np.eye(5, dtype=np.float32)[CLASSES]
BITS = RANDOM.integers(0, 2, (6, 4, 5)).astype(np.float32)
REAL = RANDOM.standard_normal((6, 4, 5), np.float32)

LOSSES = [
    ("MeanSquaredError", {}, REAL, LOGITS),
    ("MeanAbsoluteError", {}, REAL, LOGITS),
    ("MeanAbsolutePercentageError", {}, REAL, LOGITS),
    ("MeanSquaredLogarithmicError", {}, SCORES, CHANCES),
    ("Huber", {}, REAL, LOGITS),
    ("Huber", {"delta": 0.3}, REAL, LOGITS),
    ("LogCosh", {}, REAL, LOGITS),
    ("BinaryCrossentropy", {}, BITS, SCORES),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, BITS, LOGITS),
    ("CategoricalCrossentropy", {}, ONE_HOT, CHANCES),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, LOGITS),
    ("SparseCategoricalCrossentropy", {}, CLASSES, CHANCES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, LOGITS),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 2}, CLASSES, LOGITS),
    ("KLDivergence", {}, CHANCES[::-1], CHANCES),
    ("Poisson", {}, BITS, SCORES),
    ("Hinge", {}, BITS, LOGITS),
    ("SquaredHinge", {}, BITS, LOGITS),
    ("CategoricalHinge", {}, ONE_HOT, LOGITS),
    ("CosineSimilarity", {}, REAL, LOGITS),
    ("CosineSimilarity", {"axis": 1}, REAL, LOGITS),
]
METRICS = [
    ("Accuracy", {}, BITS, BITS[::-1].copy()),
    ("BinaryAccuracy", {"threshold": 0.3}, BITS, SCORES),
    ("CategoricalAccuracy", {}, ONE_HOT, CHANCES),
    ("SparseCategoricalAccuracy", {}, CLASSES, CHANCES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT[:, 0], CHANCES[:, 0]),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, CLASSES[:, 0], CHANCES[:, 0]),
    ("MeanSquaredError", {}, REAL, LOGITS),
    ("MeanAbsoluteError", {}, REAL, LOGITS),
    ("MeanAbsolutePercentageError", {}, REAL, LOGITS),
    ("MeanSquaredLogarithmicError", {}, SCORES, CHANCES),
    ("RootMeanSquaredError", {}, REAL, LOGITS),
    ("BinaryCrossentropy", {"from_logits": True}, BITS, LOGITS),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, CHANCES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, LOGITS),
    ("KLDivergence", {}, CHANCES[::-1].copy(), CHANCES),
    ("Poisson", {}, BITS, SCORES),
    ("Hinge", {}, BITS, LOGITS),
    ("SquaredHinge", {}, BITS, LOGITS),
    ("CategoricalHinge", {}, ONE_HOT, LOGITS),
    ("CosineSimilarity", {}, REAL, LOGITS),
    ("LogCoshError", {}, REAL, LOGITS),
    ("Precision", {}, BITS, SCORES),
    ("Precision", {"thresholds": 0.7}, BITS, SCORES),
    ("Recall", {}, BITS, SCORES),
    ("TruePositives", {}, BITS, SCORES),
    ("TrueNegatives", {}, BITS, SCORES),
    ("FalsePositives", {}, BITS, SCORES),
    ("FalseNegatives", {"thresholds": 0.2}, BITS, SCORES),
    ("AUC", {}, BITS[..., 0], SCORES[..., 0]),
    ("AUC", {"num_thresholds": 20}, BITS[..., 0], SCORES[..., 0]),
]


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize(("name", "options", "y", "p"), LOSSES)
def test_losses(name: str, options: dict[str, Any], y: Any, p: Any, reduction: str, keras: Any) -> None:
    """Also with weights of samples and of steps, from its configuration, and as a function."""
    loss = getattr(ours.losses, name)(**options, reduction=reduction)
    theirs = getattr(keras.losses, name)(**options, reduction=reduction)
    close(loss(y, p), theirs(y, p))
    if "axis" not in options and "ignore_class" not in options:
        for weights in (np.arange(6, dtype=np.float32)[:, None], np.arange(24, dtype=np.float32).reshape(6, 4)):
            close(loss(y, p, weights), theirs(y, p, weights))
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    config = {k: v for k, v in theirs.get_config().items() if k != "dtype"}
    assert config == {key: loss.get_config()[key] for key in config}
    function = theirs.name.removesuffix("_loss")
    if options:
        return
    close(ours.losses.get(function)(y, p), np.mean(np.asarray(getattr(keras.losses, function)(y, p))))


@pytest.mark.parametrize(("name", "options", "y", "p"), METRICS)
def test_metrics(name: str, options: dict[str, Any], y: Any, p: Any, keras: Any) -> None:
    """Over batches with and without weights; and nothing is left after a reset."""
    keras.utils.clear_session()
    metric, theirs = getattr(ours.metrics, name)(**options), getattr(keras.metrics, name)(**options)
    assert metric.name == theirs.name
    for rows in (slice(0, 2), slice(2, 6)):
        metric.update_state(y[rows], p[rows])
        theirs.update_state(y[rows], p[rows])
        close(metric.result(), theirs.result())
    weights = np.arange(1, 7, dtype=np.float32)
    if p.ndim == 2 or (name not in ("Precision", "Recall") and "tives" not in name):
        for each in (metric, theirs):
            each.reset_state()
        metric.update_state(y, p, weights if name != "AUC" else np.tile(weights[:, None], (1, 4)))
        theirs.update_state(y, p, weights if name != "AUC" else np.tile(weights[:, None], (1, 4)))
        close(metric.result(), theirs.result())
    assert metric.get_config() == type(metric).from_config(metric.get_config()).get_config()
    metric.reset_state()
    assert float(metric.result()) == float(theirs.__class__(**options).result())


@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_means_and_sums(name: str, keras: Any) -> None:
    metric, theirs = getattr(ours.metrics, name)(), getattr(keras.metrics, name)()
    for values, weights in ((REAL, None), (LOGITS, np.arange(6, dtype=np.float32)), (np.float32(3), None)):
        metric.update_state(values, weights)
        theirs.update_state(values, weights)
    if name == "Sum":
        close(metric.result(), theirs.result())


@pytest.mark.parametrize("name", ["mse", "mae", "bce", "accuracy", "acc", "sparse_categorical_accuracy", "AUC"])
def test_metrics_by_name(name: str) -> None:
    assert ours.metrics.get(name, ours.losses.MeanSquaredError(), (None, 3)).name in (name, name.lower())


def test_unknown_names_say_what_there_is() -> None:
    for module, name in ((ours.losses, "mse2"), (ours.metrics, "acuracy"), (ours.optimizers, "adem")):
        with pytest.raises(RilletError, match=name):
            module.get(name)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(RilletError, match="labels of shape"):
        ours.losses.MeanSquaredError()(np.zeros((3,), np.float32), np.zeros((3, 2), np.float32))
    with pytest.raises(RilletError):
        ours.losses.MeanSquaredError()(np.zeros((3, 4), np.float32), np.zeros((3, 2), np.float32))
