"""Masks: which layers make, pass on, use and destroy them, against Keras; and what losses make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet import keras as ours
from rillet.keras import layers

from .cases import LAYERS
from .test_layers import close, randomized

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras and NumPy 2

NUMBERS = np.array([[3, 1, 0, 0, 0], [2, 0, 4, 1, 0], [5, 4, 3, 2, 1], [0, 0, 7, 7, 0]], np.int32)


def after_embedding(*stack: Any) -> Any:
    return randomized(
        ours.Sequential([ours.Input((5,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), *stack])
    )


MODELS = {
    "simple": lambda: after_embedding(layers.SimpleRNN(3)),
    "lstm": lambda: after_embedding(layers.LSTM(3)),
    "lstm_sequences": lambda: after_embedding(layers.LSTM(3, return_sequences=True), layers.LSTM(2)),
    "gru_backwards": lambda: after_embedding(layers.GRU(3, go_backwards=True, return_sequences=True)),
    "bidirectional": lambda: after_embedding(layers.Bidirectional(layers.LSTM(3)), layers.Dense(2)),
    "bidirectional_sequences": lambda: after_embedding(layers.Bidirectional(layers.GRU(3, return_sequences=True))),
    "pooled": lambda: after_embedding(layers.Dense(3), layers.Dropout(0.1), layers.GlobalAveragePooling1D()),
    "normalized": lambda: after_embedding(layers.LayerNormalization(), layers.LSTM(3)),
    "distributed": lambda: after_embedding(layers.TimeDistributed(layers.Dense(3)), layers.LSTM(3)),
}


@pytest.mark.parametrize("name", MODELS)
def test_outputs(name: str, keras: Any, tmp_path: Path) -> None:
    model = MODELS[name]()
    model.save(tmp_path / "m.keras")
    close(model(NUMBERS), keras.models.load_model(tmp_path / "m.keras")(NUMBERS))


def test_masking_layer_and_merges(keras: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(1).standard_normal((4, 5, 3), np.float32)
    x[NUMBERS == 0] = -1.0
    source = ours.Input((5, 3))
    masked = layers.Masking(-1.0)(source)
    other = layers.Masking(0.0)(source)
    joined = layers.Concatenate(name="joined")([layers.Add()([masked, other]), masked])
    model = randomized(ours.Model(source, [layers.LSTM(4)(masked), layers.GRU(4)(joined)]))
    model.save(tmp_path / "m.keras")
    for result, wanted in zip(model(x), keras.models.load_model(tmp_path / "m.keras")(x), strict=True):
        close(result, wanted)


def test_attention(keras: Any, tmp_path: Path) -> None:
    """Where a query counts; the rows of others mean nothing."""
    source = ours.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(source)
    model = randomized(ours.Model(source, layers.MultiHeadAttention(2, 3)(x, x)))
    model.save(tmp_path / "m.keras")
    wanted = np.asarray(keras.models.load_model(tmp_path / "m.keras")(NUMBERS))
    close(model(NUMBERS).numpy()[NUMBERS != 0], wanted[NUMBERS != 0])


def test_losses_count_what_is_not_masked(keras: Any, tmp_path: Path) -> None:
    model = after_embedding(layers.Dense(2))
    model.compile("sgd", "mse", metrics=["mae"])
    model.save(tmp_path / "m.keras")
    y = np.random.default_rng(2).standard_normal((4, 5, 2), np.float32)
    own = model.evaluate(NUMBERS, y, verbose=0)
    theirs = keras.models.load_model(tmp_path / "m.keras")
    p = theirs(NUMBERS)
    assert own[0] == pytest.approx(float(theirs.compute_loss(NUMBERS, y, p)), rel=1e-5)
    errors = np.abs(np.asarray(p) - y).mean(-1)
    assert own[1] == pytest.approx(float(errors[NUMBERS != 0].mean()), rel=1e-5)


def test_a_layer_that_loses_the_mask_says_so() -> None:
    with pytest.warns(UserWarning, match="does not support masks"):
        after_embedding(layers.Conv1D(3, 2), layers.LSTM(2))(NUMBERS)


@pytest.mark.parametrize("name", sorted({case.layer for case in LAYERS}))
def test_the_same_layers_support_masks(name: str, keras: Any) -> None:
    case = next(c for c in LAYERS if c.layer == name)
    own, theirs = getattr(layers, name)(**case.options), getattr(keras.layers, name)(**case.options)
    assert own.supports_masking == theirs.supports_masking
