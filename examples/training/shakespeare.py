"""A causal transformer that continues Shakespeare letter by letter; the same in PyTorch from the same weights."""

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

SEED = 1
LENGTH, WIDTH, HEADS, BLOCKS = 64, 96, 4, 2
BATCH, RATE, EPSILON = 32, 2e-3, 1e-5  # EPSILON: of the normalizations


class Positions(layers.Layer):
    """Adds a learned vector to each place of a sequence."""

    def build(self, input_shape: Any) -> None:
        self.table = self.add_weight(input_shape[1:], "random_uniform", name="table")

    def call(self, inputs: Any) -> Any:
        return inputs + self.table


def build(letters: int) -> Any:
    """Logits (batch, LENGTH, letters) of the letter after each."""
    codes = keras.Input((LENGTH,), dtype="int32")
    x = Positions()(layers.Embedding(letters, WIDTH)(codes))
    for _ in range(BLOCKS):
        y = layers.LayerNormalization(epsilon=EPSILON)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(y, y, use_causal_mask=True)])
        y = layers.LayerNormalization(epsilon=EPSILON)(x)
        y = layers.Dense(WIDTH)(layers.Dense(4 * WIDTH, activation="gelu")(y))
        x = layers.Add()([x, y])
    return keras.Model(codes, layers.Dense(letters)(layers.LayerNormalization(epsilon=EPSILON)(x)))


def train(steps: int = 1200, verbose: int = 2, torch_python: str | None = None) -> dict[str, float]:
    """Validation losses in nats per letter: "rillet", and "torch" where `torch_python` names a Python that has it."""
    rillet.random.set_seed(SEED)
    text, held_out, letters = data.shakespeare()
    starts = np.random.default_rng(SEED).integers(0, len(text) - LENGTH - 1, steps * BATCH)
    whole = np.arange(0, len(held_out) - LENGTH - 1, LENGTH)
    (x, y), (x_test, y_test) = windows(text, starts), windows(held_out, whole)
    model = build(letters)
    first = model.get_weights()
    model.compile(
        keras.optimizers.Adam(keras.schedules.CosineDecay(RATE, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(x, y, BATCH, verbose=verbose, shuffle=False)
    found = {"rillet": float(model.evaluate(x_test, y_test, BATCH, 0))}
    if torch_python:
        with tempfile.TemporaryDirectory() as folder:
            problem = Path(folder, "problem.npz")
            weights = {f"weight_{i}": array for i, array in enumerate(first)}
            np.savez(problem, x=x, y=y, x_test=x_test, y_test=y_test, **weights)
            sizes = {"blocks": BLOCKS, "heads": HEADS, "epsilon": EPSILON, "batch": BATCH, "rate": RATE}
            found["torch"] = ask(torch_python, "with_torch.py", {"data": str(problem), **sizes})["loss"]
    return found


def windows(codes: data.Array, starts: data.Array) -> tuple[data.Array, data.Array]:
    """Pieces of LENGTH letters, and the same one letter on."""
    places = starts[:, None] + np.arange(LENGTH)
    return codes[places], codes[places + 1]
