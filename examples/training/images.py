"""Pictures: CNNs on MNIST and Fashion-MNIST, an LSTM that reads MNIST row by row."""

from __future__ import annotations

from typing import Any

import rillet
from rillet import keras
from rillet.keras import layers

from . import data

SEED = 1


def mnist_cnn(samples: int | None = None, epochs: int = 5, verbose: int = 2) -> float:
    """The accuracy on the test set of a network of two convolutions."""
    rillet.random.set_seed(SEED)
    return fitted(convolutional(), data.mnist(), samples, 128, epochs, 2e-3, verbose)


def fashion_cnn(samples: int | None = None, epochs: int = 15, verbose: int = 2) -> float:
    """The same on the first 10,000 pictures of Fashion-MNIST."""
    rillet.random.set_seed(SEED)
    return fitted(convolutional(), data.fashion_mnist(), samples, 64, epochs, 2e-3, verbose)


def lstm_rows(samples: int | None = None, epochs: int = 4, verbose: int = 2) -> float:
    """The same of an LSTM over the 28 rows of a digit."""
    rillet.random.set_seed(SEED)
    model = keras.Sequential([keras.Input((28, 28)), layers.LSTM(64), layers.Dense(10)])
    x, y, x_test, y_test = data.mnist()
    return fitted(model, (x[..., 0], y, x_test[..., 0], y_test), samples, 64, epochs, 4e-3, verbose)


def convolutional() -> Any:
    """Two convolutions of 3 x 3, each followed by pooling; then two dense layers."""
    stack: list[Any] = [keras.Input((28, 28, 1))]
    for filters in (32, 64):
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(), layers.Dropout(0.3), layers.Dense(128, activation="relu"), layers.Dropout(0.3)]
    return keras.Sequential([*stack, layers.Dense(10)])


def fitted(
    model: Any, split: data.Split, samples: int | None, batch_size: int, epochs: int, rate: float, verbose: int
) -> float:
    """Trains with Adam, the rate falling to zero along a cosine; the accuracy on the test set."""
    x, y, x_test, y_test = split
    x, y = x[:samples], y[:samples]
    steps = -(-len(x) // batch_size) * epochs
    model.compile(
        keras.optimizers.Adam(keras.schedules.CosineDecay(rate, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size, epochs, verbose)
    return float(model.evaluate(x_test, y_test, 256, 0, return_dict=True)["accuracy"])
