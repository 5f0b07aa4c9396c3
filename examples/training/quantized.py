"""Quantization-aware training where quantizing after training loses: a small MobileNet with 4-bit weights.

With 8-bit weights and a scale per channel, quantizing afterwards loses nothing on this net; so the weights have 4 bits
here. `python -m examples.training.quantized [SEEDS [RECIPE]]` prints one line per seed and the mean.

Measured, accuracy on the test set, mean over 6 seeds: 84.9% in float (85.4% trained on for as long as the quantization-
aware model), 83.1% quantized afterwards (76.7% where weights are only rounded), 85.0% trained for it.
"""

from __future__ import annotations

import sys
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np

import rillet
from rillet import keras
from rillet.flatbuffer import write_bytes
from rillet.keras import layers
from rillet.quantize import annotate

from . import data
from .images import fitted

EPOCHS, RATE, BATCH = 15, 4e-3, 64
TUNING_EPOCHS, TUNING_RATE = 10, 2e-3
CALIBRATION = 256


@dataclass
class Accuracies:
    """On the test set.

    Attributes:
        trained: in float. `trained_on`: in float, with as many epochs more as `aware` has.
        afterwards: quantized after training, weights compensated for rounding. `nearest`: just rounded.
        aware: quantized after quantization-aware training.
        aware_float: the same before conversion, with fake quantization.
        within_one_step: the share of the integer model's outputs that are at most a step from fake quantization's.
    """

    trained: float
    trained_on: float
    afterwards: float
    nearest: float
    aware: float
    aware_float: float
    within_one_step: float

    @property
    def recovered(self) -> float:
        """The share of what is lost that training gets back."""
        return (self.aware - self.afterwards) / (self.trained - self.afterwards)


def mobile_net() -> Any:
    """Depthwise separable convolutions of 8 to 32 channels, batch normalization and ReLU6: 2,900 weights."""
    stack: list[Any] = [keras.Input((28, 28, 1)), *_normalized(layers.Conv2D(8, 3, 2, "same", use_bias=False))]
    for filters, strides in ((16, 1), (32, 2), (32, 1)):
        stack += _normalized(layers.DepthwiseConv2D(3, strides, "same", use_bias=False))
        stack += _normalized(layers.Conv2D(filters, 1, use_bias=False))
    return keras.Sequential([*stack, layers.GlobalAveragePooling2D(), layers.Dense(10)])


def compare(
    seed: int, recipe: str = "static_wi4_ai8", split: data.Split | None = None, epochs: int = EPOCHS,
    tuning_epochs: int = TUNING_EPOCHS,
) -> Accuracies:  # fmt: skip
    """Trains, on the first 10,000 pictures of Fashion-MNIST by default, then quantizes in each way."""
    rillet.random.set_seed(seed)
    split = split or data.fashion_mnist()
    x, _, x_test, y_test = split
    model = mobile_net()
    trained = fitted(model, split, None, BATCH, epochs, RATE, 0)
    after, nearest = (
        rillet.convert(model, recipe=recipe, calibration=x[:CALIBRATION], rounding=rounding)
        for rounding in ("compensated", "nearest")
    )
    aware = annotate(model, recipe)
    aware_float = fitted(aware, split, None, BATCH, tuning_epochs, TUNING_RATE, 0)
    outputs, (scale, zero_point) = integer_outputs(rillet.convert(aware, recipe=recipe), x_test)
    expected = np.clip(np.round(aware.predict(x_test, 256, 0) / scale) + zero_point, -128, 127)
    return Accuracies(
        trained=trained,
        trained_on=fitted(model, split, None, BATCH, tuning_epochs, TUNING_RATE, 0),
        afterwards=_accuracy(integer_outputs(after, x_test)[0], y_test),
        nearest=_accuracy(integer_outputs(nearest, x_test)[0], y_test),
        aware=_accuracy(outputs, y_test),
        aware_float=aware_float,
        within_one_step=float((np.abs(outputs - expected) <= 1).mean()),
    )


def integer_outputs(model: Any, x: data.Array, batch: int = 500) -> tuple[data.Array, tuple[float, int]]:
    """What an int8 model gives for float pictures, and the scale and zero point of that."""
    interpreter = rillet.Interpreter(model_content=write_bytes(model))
    entry, leaving = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(entry["index"], (batch, *x.shape[1:]))
    interpreter.allocate_tensors()
    scale, zero_point = entry["quantization"]
    stored = np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)
    parts = []
    for first in range(0, len(x), batch):
        interpreter.set_tensor(entry["index"], stored[first : first + batch])
        interpreter.invoke()
        parts.append(interpreter.get_tensor(leaving["index"]).astype(np.int32))
    return np.concatenate(parts), leaving["quantization"]


def _accuracy(outputs: data.Array, labels: data.Array) -> float:
    return float((outputs.argmax(-1) == labels).mean())


def _normalized(layer: Any) -> list[Any]:
    return [layer, layers.BatchNormalization(momentum=0.9), layers.ReLU(6)]


def main(seeds: int, recipe: str) -> None:
    print(" ".join(f"{each.name:>15}" for each in fields(Accuracies)))
    found = []
    for seed in range(seeds):
        found.append(compare(seed, recipe))
        print(" ".join(f"{value:15.4f}" for value in astuple(found[-1])), flush=True)
    mean = Accuracies(*np.mean([astuple(each) for each in found], 0).tolist())
    print(" ".join(f"{value:15.4f}" for value in astuple(mean)), f"  recovered {mean.recovered:.0%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2] if len(sys.argv) > 2 else "static_wi4_ai8")
