"""ResNet-8 (of MLPerf Tiny) on 5,000 pictures of CIFAR-10; the same by Keras from the same weights and batches."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import rillet
from rillet import keras
from rillet.keras import layers

from . import data
from .peers.run import ask

BATCH = 32
RATE, MOMENTUM = 0.05, 0.9


def build() -> Any:
    """Three residual blocks of 16, 32 and 64 channels."""
    inputs = keras.Input((32, 32, 3))
    x = _normalized(layers.Conv2D(16, 3, padding="same")(inputs), relu=True)
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = _normalized(layers.Conv2D(filters, 3, strides, padding="same")(x), relu=True)
        y = _normalized(layers.Conv2D(filters, 3, padding="same")(y), relu=False)
        if strides > 1:
            x = layers.Conv2D(filters, 1, strides, padding="same")(x)
        x = layers.Activation("relu")(layers.Add()([x, y]))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def train(
    seed: int = 1, samples: int | None = None, epochs: int = 15, verbose: int = 2, keras_python: str | None = None
) -> dict[str, float]:
    """Accuracies on the 3,000 test pictures: "rillet", and "keras" where `keras_python` names a Python that has it.

    Every epoch shows each picture once, moved by up to four pixels and mirrored at random, drawn beforehand.
    """
    rillet.random.set_seed(seed)
    x, y, x_test, y_test = data.cifar()
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(x))[:samples]
    shown = [random.permutation(chosen) for _ in range(epochs)]
    x_all, y_all = np.concatenate([varied(x[rows], random) for rows in shown]), y[np.concatenate(shown)]
    model = build()
    with tempfile.TemporaryDirectory() as folder:
        start, problem = Path(folder, "start.keras"), Path(folder, "problem.npz")
        if keras_python:
            model.save(start)
            np.savez(problem, x=x_all, y=y_all, x_test=x_test, y_test=y_test, epochs=epochs)
        steps = -(-len(x_all) // BATCH)
        model.compile(
            keras.optimizers.SGD(keras.schedules.CosineDecay(RATE, steps), MOMENTUM),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        for part in np.split(np.arange(len(x_all)), epochs):
            model.fit(scaled(x_all[part]), y_all[part], BATCH, verbose=verbose, shuffle=False)
        found = {"rillet": float(model.evaluate(scaled(x_test), y_test, 250, 0, return_dict=True)["accuracy"])}
        if keras_python:
            arguments = {"model": str(start), "data": str(problem), "rate": RATE, "momentum": MOMENTUM, "batch": BATCH}
            found["keras"] = ask(keras_python, "with_keras.py", arguments)["accuracy"]
    return found


def varied(images: data.Array, random: np.random.Generator) -> data.Array:
    """Each picture moved by at most four pixels each way, and mirrored or not."""
    padded = np.pad(images, [(0, 0), (4, 4), (4, 4), (0, 0)])
    moves, mirrored = random.integers(0, 9, (len(images), 2)), random.integers(0, 2, len(images))
    cut = [p[dy : dy + 32, dx : dx + 32] for p, (dy, dx) in zip(padded, moves, strict=True)]
    return np.stack([each[:, ::-1] if flip else each for each, flip in zip(cut, mirrored, strict=True)])


def scaled(images: data.Array) -> data.Array:
    """Bytes as float32 around zero, which the peer does in the same way."""
    return (images.astype(np.float32) - 128) / 64


def _normalized(x: Any, relu: bool) -> Any:
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(x) if relu else x
