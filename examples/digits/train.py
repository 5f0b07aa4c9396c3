"""Trains the digits example: a small CNN on scikit-learn's handwritten digits (8 x 8 pixels, values 0 to 16).

Needs: pip install 'rillet[keras]' scikit-learn
Run:   python examples/digits/train.py      (some seconds on one CPU core)

Writes, beside this file:
    digits.keras      the trained model, input (8, 8, 1) float32 0..16, output 10 probabilities
    calibration.npz   "x": 100 training images, for the quantizer
    test.npz          "x", "y": the held-out images and their digits; none of them is seen in training
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rillet
from rillet import keras
from rillet.keras import Input, Model, layers

SPLIT_SEED, SEED = 20, 1
HELD_OUT = 360  # of 1797
BATCH = 32
HERE = Path(__file__).resolve().parent
Images = NDArray[np.float32]


def build() -> Any:
    """MobileNetV2 in small: a stem, two inverted residual blocks (the first with its shortcut), a head."""

    def finish(x: Any, name: str, activation: bool = True) -> Any:
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if activation else x

    def convolution(x: Any, filters: int, kernel: int, name: str, activation: bool = True) -> Any:
        x = layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=name)(x)
        return finish(x, name, activation)

    def depthwise(x: Any, strides: int, name: str) -> Any:
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False, name=name)(x)
        return finish(x, name)

    image = Input((8, 8, 1), name="image")
    x = layers.Rescaling(1 / 16, name="rescale")(image)
    stem = convolution(x, 12, 3, "stem")
    x = convolution(stem, 32, 1, "expand_1")
    x = depthwise(x, 1, "depthwise_1")
    x = convolution(x, 12, 1, "project_1", activation=False)
    x = layers.Add(name="shortcut")([stem, x])
    x = convolution(x, 48, 1, "expand_2")
    x = depthwise(x, 2, "depthwise_2")
    x = convolution(x, 32, 1, "project_2")
    x = layers.AveragePooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    x = layers.Dense(32, activation="relu", name="hidden")(x)
    return Model(image, layers.Dense(10, activation="softmax", name="digit")(x), name="digits")


def load_digits() -> tuple[Images, NDArray[np.int64], Images, NDArray[np.int64]]:
    """Training images and labels, held-out images and labels; the split is fixed."""
    from sklearn.datasets import load_digits as read

    digits = read()
    images = digits.images.astype(np.float32)[..., None]
    labels = digits.target.astype(np.int64)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    return images[train], labels[train], images[test], labels[test]


def shifted(images: Images, random: np.random.Generator) -> Images:
    """Each image moved by at most one pixel each way, as the training's augmentation."""
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)])
    moves = random.choice([0, 1, 2], size=(len(images), 2), p=[0.15, 0.7, 0.15])
    return np.stack([p[dy : dy + 8, dx : dx + 8] for p, (dy, dx) in zip(padded, moves, strict=True)])


def train(epochs: int) -> tuple[Any, float]:
    """The trained model and its accuracy on the held-out images."""
    rillet.random.set_seed(SEED)
    x, y, x_test, y_test = load_digits()
    random = np.random.default_rng(SEED)
    x_all = np.concatenate([shifted(x, random) for _ in range(epochs)])  # one pass over it is `epochs` epochs
    y_all = np.tile(y, epochs)
    model = build()
    rate = keras.schedules.CosineDecay(4e-3, -(-len(x_all) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_all, y_all, BATCH, shuffle=False)
    accuracy = float((np.argmax(model.predict(x_test, verbose=0), 1) == y_test).mean())
    return model, accuracy


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--epochs", type=int, default=60)
    arguments.add_argument("-o", "--output", type=Path, default=HERE, help="folder for the results")
    options = arguments.parse_args()
    model, accuracy = train(options.epochs)
    print(f"accuracy on {HELD_OUT} held-out digits: {accuracy:.4f}; {model.count_params()} parameters")
    options.output.mkdir(parents=True, exist_ok=True)
    plain = build()  # never compiled: its file has no optimizer state
    plain.set_weights(model.get_weights())
    plain.save(options.output / "digits.keras")
    x, _, x_test, y_test = load_digits()
    np.savez_compressed(options.output / "calibration.npz", x=x[:100])
    np.savez_compressed(options.output / "test.npz", x=x_test, y=y_test)


if __name__ == "__main__":
    main()
