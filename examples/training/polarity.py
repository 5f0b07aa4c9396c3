"""Does a sentence of a film review praise or blame: convolutions over word vectors (Kim 2014), nothing pretrained."""

from __future__ import annotations

import numpy as np

import rillet
from rillet import keras
from rillet.keras import layers

from . import data

SEED = 1
WORDS, LENGTH, WIDTH, FILTERS = 10_000, 40, 64, 48  # words known, words read, sizes
UNKNOWN = 1  # 0 stands after the end


def train(samples: int | None = None, epochs: int = 4, verbose: int = 2) -> float:
    """The accuracy on a tenth of the sentences, none of which is seen in training."""
    rillet.random.set_seed(SEED)
    sentences, labels = data.polarity()
    cut = len(labels) * 9 // 10
    known = vocabulary(sentences[:cut])
    x = encoded(sentences, known)
    words = keras.Input((LENGTH,), dtype="int32")
    vectors = layers.Dropout(0.3)(layers.Embedding(WORDS, WIDTH)(words))
    found = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(FILTERS, size, activation="relu")(vectors)) for size in (3, 4, 5)
    ]
    model = keras.Model(words, layers.Dense(1)(layers.Dropout(0.5)(layers.Concatenate()(found))))
    model.compile(
        keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )  # fmt: skip
    model.fit(x[:cut][:samples], labels[:cut][:samples], 50, epochs, verbose)
    return float(model.evaluate(x[cut:], labels[cut:], 256, 0, return_dict=True)["accuracy"])


def vocabulary(sentences: list[str]) -> dict[str, int]:
    """Numbers from 2 on for the most frequent words."""
    words, counts = np.unique([word for each in sentences for word in each.split()], return_counts=True)
    best = np.argsort(-counts, kind="stable")[: WORDS - 2]
    return {str(words[i]): number for number, i in enumerate(best, 2)}


def encoded(sentences: list[str], known: dict[str, int]) -> data.Array:
    """Sentences as rows of LENGTH numbers."""
    rows = np.zeros((len(sentences), LENGTH), np.int32)
    for row, sentence in zip(rows, sentences, strict=True):
        words = sentence.split()[:LENGTH]
        row[: len(words)] = [known.get(word, UNKNOWN) for word in words]
    return rows
