"""Teaches a digits model two classes that it has never seen, on an emulated Cortex-M4.

Needs: pip install 'rillet[keras]' scikit-learn; arm-none-eabi-gcc and qemu-system-arm
Run:   python examples/digits/finetune.py      (about a minute)

The first training sees 0 to 7 only. Then the last two layers of the int8 model train on the device: on 80 images each
of 8 and 9, and 20 each of the others, so that these are not forgotten.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from train import BATCH, SEED, build, load_digits, shifted

import rillet
from rillet import finetune, keras

NEW = (8, 9)
Arrays = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


def first_model(epochs: int = 40) -> Any:
    """A model with ten outputs that has seen eight classes."""
    rillet.random.set_seed(SEED)
    x, y, _, _ = load_digits()
    known = ~np.isin(y, NEW)
    random = np.random.default_rng(SEED)
    images = np.concatenate([shifted(x[known], random) for _ in range(epochs)])
    model = build()
    rate = keras.schedules.CosineDecay(4e-3, -(-len(images) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(images, np.tile(y[known], epochs), BATCH, shuffle=False, verbose=0)
    return model


def samples(new: int = 80, old: int = 20) -> Arrays:
    """Images and digits to learn from, `new` of each new class and `old` of each other; and those to test with."""
    x, y, test_x, test_y = load_digits()
    chosen = [np.flatnonzero(y == digit)[: new if digit in NEW else old] for digit in (*NEW, *range(8))]
    order = np.concatenate(chosen)
    return x[order], y[order], test_x, test_y


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--board", default="mps2-an386")
    arguments.add_argument("--epochs", type=int, default=3)
    options = arguments.parse_args()
    x, y, test_x, test_y = samples()
    model = rillet.convert(first_model(), recipe="static_wi8_ai8", calibration=x[y < 8])
    made = finetune.prepare(model, "last:2", learning_rate=0.02)
    is_new = np.isin(test_y, NEW)
    with tempfile.TemporaryDirectory() as folder:
        path, checkpoint = Path(folder) / "trainable.tflite", Path(folder) / "digits.ck"
        rillet.save(made.model, path)
        result = finetune.run(path, (x, y), board=options.board, epochs=options.epochs, checkpoint=checkpoint)
        for number, epoch in enumerate(result.epochs, 1):
            print(f"epoch {number} on {result.device}: loss {epoch.loss:.3f}, accuracy {epoch.accuracy:.1%}")
        for name, side in (("8 and 9", is_new), ("0 to 7", ~is_new)):
            before, after = (
                finetune.evaluate(path, (test_x[side], test_y[side]), restore=restored) or 0.0
                for restored in (None, checkpoint)
            )
            print(f"accuracy on {name}: {before:.1%} before, {after:.1%} after {result.steps} steps")


if __name__ == "__main__":
    main()
