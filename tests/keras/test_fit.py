"""fit, evaluate and predict against Keras on JAX: the same file, the same data in the same order, the same history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet
from rillet import keras as ours
from rillet.keras import layers

from . import jax_side
from .test_layers import close, randomized

RANDOM = np.random.default_rng(4)
X = RANDOM.standard_normal((50, 6), np.float32)
Y = (X[:, :3].sum(1) > 0).astype(np.int32) + (X[:, 3] > 1)
WEIGHTS = RANDOM.random(50).astype(np.float32)


def classifier() -> Any:
    """With everything that changes a step: normalization, penalties, constraints."""
    stack = [ours.Input((6,)), layers.Dense(8, activation="tanh", kernel_regularizer="l2"), layers.BatchNormalization(),
             layers.Dense(5, activation="relu", kernel_constraint="max_norm", activity_regularizer="l1"),
             layers.Dense(3, activation="softmax")]  # fmt: skip
    return randomized(ours.Sequential(stack))


OPTIMIZERS = [
    ("SGD", {"learning_rate": 0.1}), ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {"learning_rate": 0.01}), ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5}), ("RMSprop", {"learning_rate": 0.01}),
    ("Adagrad", {"learning_rate": 0.1}), ("SGD", {"learning_rate": 0.1, "clipnorm": 0.1}),
    ("SGD", {"learning_rate": 0.1, "clipvalue": 0.01}), ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.1}),
]  # fmt: skip
FITS: list[tuple[str, dict[str, Any]]] = [
    ("validation_split", {"validation_split": 0.2}),
    ("validation_data", {"validation_data": (X[:20], Y[:20]), "validation_freq": 2}),
    ("weighted_validation", {"validation_data": (X[:20], Y[:20], WEIGHTS[:20])}),
    ("class_weight", {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}),
    ("sample_weight", {"sample_weight": WEIGHTS}),
    ("initial_epoch", {"initial_epoch": 1}),
]


def same_history(own: Any, wanted: dict[str, list[float]]) -> None:
    assert sorted(own.history) == sorted(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(own.history[name], values, rtol=2e-4, atol=2e-5, err_msg=name)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizers(name: str, options: dict[str, Any], trained_by_keras: Callable[..., Any], tmp_path: Path) -> None:
    """Weights after several epochs, and the run-at-once loop gives the same."""
    model, eager = classifier(), classifier()
    for each, at_once in ((model, False), (eager, True)):
        each.compile(getattr(ours.optimizers, name)(**options), "sparse_categorical_crossentropy", metrics=["accuracy"],
                     run_eagerly=at_once)  # fmt: skip
    model.save(tmp_path / "m.keras")
    fit = {"x": X, "y": Y, "batch_size": 16, "epochs": 3, "shuffle": False}
    history, weights = trained_by_keras(jax_side.fitted, str(tmp_path / "m.keras"), fit)
    same_history(model.fit(**fit, verbose=0), history)
    for own, wanted in zip(model.get_weights(), weights, strict=True):
        close(own, wanted, 2e-4)
    same_history(eager.fit(**fit, verbose=0), model.history.history)
    assert int(model.optimizer.iterations) == 12


@pytest.mark.parametrize(("name", "options"), FITS, ids=[name for name, _ in FITS])
def test_fit(name: str, options: dict[str, Any], trained_by_keras: Callable[..., Any], tmp_path: Path) -> None:
    model = classifier()
    model.compile(ours.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"],
                  weighted_metrics=["sparse_categorical_accuracy"])  # fmt: skip
    model.save(tmp_path / "m.keras")
    fit = {"x": X, "y": Y, "batch_size": 16, "epochs": 3, "shuffle": False, **options}
    history, _ = trained_by_keras(jax_side.fitted, str(tmp_path / "m.keras"), fit)
    same_history(model.fit(**fit, verbose=0), history)


def test_schedule_and_several_outputs(trained_by_keras: Callable[..., Any], tmp_path: Path) -> None:
    first, second = ours.Input((6,), name="first"), ours.Input((3,), name="second")
    joined = layers.Concatenate()([layers.Dense(4, activation="tanh")(first), second])
    outputs = [layers.Dense(2, name="numbers")(joined), layers.Dense(1, activation="sigmoid", name="bit")(joined)]
    model = randomized(ours.Model([first, second], outputs))
    rate = ours.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
    model.compile(ours.optimizers.SGD(rate), loss=["mse", "binary_crossentropy"], loss_weights=[1.0, 0.3])
    model.save(tmp_path / "m.keras")
    data = {"x": [X, X[:, :3]], "y": [X[:, :2] * 0.5, (X[:, :1] > 0).astype(np.float32)]}
    fit = {**data, "batch_size": 10, "epochs": 2, "shuffle": False}
    history, weights = trained_by_keras(jax_side.fitted, str(tmp_path / "m.keras"), fit)
    own = model.fit(**fit, verbose=0)
    np.testing.assert_allclose(own.history["loss"], history["loss"], rtol=2e-4)
    for values, wanted in zip(model.get_weights(), weights, strict=True):
        close(values, wanted, 2e-4)


class Batches(ours.utils.PyDataset):
    """Five batches of ten."""

    ended = 0

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        return X[index * 10 : index * 10 + 10], Y[index * 10 : index * 10 + 10]

    def on_epoch_end(self) -> None:
        self.ended += 1


def endless() -> Iterator[Any]:
    while True:
        for number in range(5):
            yield Batches()[number]


def compiled() -> Any:
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_generators_and_data_sets_are_arrays_in_batches() -> None:
    wanted = compiled().fit(X, Y, batch_size=10, epochs=2, shuffle=False, verbose=0).history
    data = Batches()
    assert compiled().fit(data, epochs=2, verbose=0).history == wanted and data.ended == 2
    assert compiled().fit(endless(), epochs=2, steps_per_epoch=5, verbose=0).history == wanted


def test_evaluate_and_predict() -> None:
    model = compiled()
    p = model.predict(X, batch_size=16, verbose=0)
    close(p, model(X, training=False))
    loss, accuracy = model.evaluate(X, Y, batch_size=16, verbose=0)
    assert accuracy == pytest.approx(float((p.argmax(1) == Y).mean()))
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == pytest.approx({"loss": loss, "accuracy": accuracy})
    assert model.metrics_names == ["loss", "accuracy"]
    model.reset_metrics()
    assert model.test_on_batch(X, Y)[0] == pytest.approx(loss)


def test_metrics_start_anew_each_epoch_and_each_call() -> None:
    model = compiled()
    once = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(X, Y, verbose=0) == once
    model.optimizer.learning_rate = 0.0
    history = model.fit(X, Y, epochs=3, verbose=0, shuffle=False).history
    assert history["accuracy"][0] == history["accuracy"][2]


def test_shuffling_follows_the_seed() -> None:
    def history() -> Any:
        ours.utils.set_random_seed(3)
        return compiled().fit(X, Y, batch_size=10, epochs=2, verbose=0).history

    assert history() == history() != compiled().fit(X, Y, batch_size=10, epochs=2, verbose=0).history


class Own(ours.Model):
    """A loop of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(3)
        self.seen = ours.metrics.Mean(name="seen")

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.dense(inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with rillet.GradientTape() as tape:
            loss = rillet.reduce_mean(rillet.nn.sparse_softmax_cross_entropy_with_logits(y, self(x, training=True)))
        self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
        self.seen.update_state(loss)
        return {"seen": self.seen.result()}

    @property
    def metrics(self) -> list[Any]:
        return [self.seen]


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_subclass_with_a_train_step(run_eagerly: bool) -> None:
    model = Own()
    model.compile(ours.optimizers.SGD(0.5), run_eagerly=run_eagerly)
    seen = model.fit(X, Y.astype(np.int32), epochs=4, batch_size=10, verbose=0).history["seen"]
    assert seen[3] < seen[0]
    model.reset_metrics()
    assert float(model.seen.result()) == 0.0
