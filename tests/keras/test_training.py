"""Training reaches what it should: the examples in small, and every optimizer against an independent one in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rillet
from examples.training import images, polarity, resnet8, shakespeare
from rillet import keras
from tests.zoo import zoo

Array = NDArray[Any]


def test_mnist_cnn() -> None:
    """95.3% where it was written; 99.1% with all samples and 5 epochs."""
    zoo("datasets/mnist")
    assert images.mnist_cnn(5000, 3, 0) >= 0.935


def test_fashion_cnn() -> None:
    """76.0%; 88.4% with all samples and 15 epochs."""
    zoo("datasets/fashion_mnist")
    assert images.fashion_cnn(2000, 3, 0) >= 0.73


def test_lstm_rows() -> None:
    """85.7%; 98.5% with all samples and 4 epochs."""
    zoo("datasets/mnist")
    assert images.lstm_rows(5000, 3, 0) >= 0.82


def test_resnet8() -> None:
    """31.5%, chance being 10%; 61.1% with all samples and 15 epochs."""
    zoo("datasets/cifar10_jpg")
    assert resnet8.train(1, 1500, 4, 0)["rillet"] >= 0.27


def test_transformer() -> None:
    """2.53 nats a letter; 1.78 after 1,200 steps. How often each letter stands would give 3.3."""
    zoo("datasets/text")
    assert shakespeare.train(100, 0)["rillet"] <= 2.60


def test_polarity() -> None:
    """74.9%, chance being 50%."""
    zoo("datasets/text")
    assert polarity.train(None, 3, 0) >= 0.72


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = (fitted(keras.optimizers.Adam(0.01), 3) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_threads_change_nothing() -> None:
    one = fitted(keras.optimizers.SGD(0.1, momentum=0.9), 3)
    rillet.set_num_threads(2)
    try:
        two = fitted(keras.optimizers.SGD(0.1, momentum=0.9), 3)
    finally:
        rillet.set_num_threads(1)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


RATE = 0.05


def sgd(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    return w - RATE * g


def momentum(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    state["m"] = 0.9 * state.get("m", 0) - RATE * g
    return w + state["m"]


def nesterov(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    state["m"] = 0.9 * state.get("m", 0) - RATE * g
    return w + 0.9 * state["m"] - RATE * g


def adam(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * g * g
    rate = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return w - rate * state["m"] / (np.sqrt(state["v"]) + 1e-7)


def adamw(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    return adam(w - RATE * 0.1 * w, g, state, step)


def rmsprop(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    state["v"] = 0.9 * state.get("v", 0) + 0.1 * g * g
    return w - RATE * g / np.sqrt(state["v"] + 1e-7)


def adagrad(w: Array, g: Array, state: dict[str, Array], step: int) -> Array:
    state["a"] = state.get("a", 0.1) + g * g
    return w - RATE * g / np.sqrt(state["a"] + 1e-7)


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        (keras.optimizers.SGD(RATE), sgd),
        (keras.optimizers.SGD(RATE, momentum=0.9), momentum),
        (keras.optimizers.SGD(RATE, momentum=0.9, nesterov=True), nesterov),
        (keras.optimizers.Adam(RATE), adam),
        (keras.optimizers.AdamW(RATE, weight_decay=0.1), adamw),
        (keras.optimizers.RMSprop(RATE), rmsprop),
        (keras.optimizers.Adagrad(RATE), adagrad),
    ],
    ids=lambda x: x.__name__ if callable(x) else "",
)
def test_optimizers_walk_as_their_formulas_say(optimizer: Any, rule: Any) -> None:
    """20 steps of softmax regression by `fit`, and by NumPy in float64 with Keras 3's formulas."""
    x, y = samples()
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    weights = [a.astype(np.float64) for a in model.get_weights()]
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(x, y, 16, epochs=5, verbose=0, shuffle=False).history["loss"]
    states: list[dict[str, Array]] = [{}, {}]
    losses = []
    for step in range(1, 21):
        rows = slice((step - 1) % 4 * 16, (step - 1) % 4 * 16 + 16)
        loss, gradients = softmax_regression(x[rows], y[rows], *weights)
        losses.append(loss)
        weights = [rule(w, g, s, step) for w, g, s in zip(weights, gradients, states, strict=True)]
    np.testing.assert_allclose(history, np.reshape(losses, (5, 4)).mean(1), rtol=1e-4)
    for got, wanted in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4)
    assert losses[-1] < 0.9 * losses[0]


def samples() -> tuple[Array, Array]:
    """64 points of six dimensions in three classes."""
    random = np.random.default_rng(0)
    x = random.standard_normal((64, 6)).astype(np.float32)
    return x, (x @ random.standard_normal((6, 3))).argmax(1).astype(np.int32)


def softmax_regression(x: Array, y: Array, kernel: Array, bias: Array) -> tuple[float, list[Array]]:
    """The mean cross-entropy and its gradients."""
    z = x @ kernel + bias
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    p[np.arange(len(y)), y] -= 1
    return float(loss), [x.T @ p / len(y), p.mean(0)]


def fitted(optimizer: Any, epochs: int) -> list[Array]:
    """The weights of a small CNN with dropout after some training."""
    rillet.random.set_seed(7)
    random = np.random.default_rng(0)
    x, y = random.standard_normal((96, 12, 12, 3)).astype(np.float32), random.integers(0, 4, 96)
    model = keras.Sequential([
        keras.Input((12, 12, 3)), keras.layers.Conv2D(16, 3), keras.layers.BatchNormalization(),
        keras.layers.ReLU(), keras.layers.MaxPooling2D(), keras.layers.Flatten(), keras.layers.Dropout(0.3),
        keras.layers.Dense(4),
    ])  # fmt: skip
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, 32, epochs, 0)
    return model.get_weights()
