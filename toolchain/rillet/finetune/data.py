"""Labelled samples for training, checked against what the model takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, RilletError
from ..runtime.details import ModelDetails

LabelledArrays = tuple[NDArray[Any], NDArray[Any]]
"""Samples and labels, samples first."""


@dataclass(frozen=True)
class Samples:
    """Inputs `x` and labels `y`, samples first, in the types that the model takes."""

    x: NDArray[Any]
    y: NDArray[Any]

    def __len__(self) -> int:
        return len(self.x)

    def batches(self, size: int, seed: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Every sample once, in an order drawn from `seed`; the last batch is filled up with the first samples."""
        order = np.random.default_rng(seed).permutation(len(self))
        order = np.concatenate([order, np.resize(order, -len(order) % size)])
        for at in range(0, len(order), size):
            chosen = order[at : at + size]
            yield self.x[chosen], self.y[chosen]


def read_samples(path: str | os.PathLike[str]) -> LabelledArrays:
    """Arrays `x` and `y` of an .npz.

    Raises:
        RilletError: the file cannot be read or lacks one of them.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["x"], arrays["y"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError, EOFError) as problem:
        raise RilletError(f"data '{path}': {problem}; it must be an .npz with arrays x and y") from problem


def fitted(x: NDArray[Any], y: NDArray[Any], data: bytes, what: str = "the data") -> Samples:
    """The arrays as the `train` signature of file `data` takes them; numbers are quantized where it takes integers.

    Raises:
        RilletError: shapes do not fit, a class is out of range, or there are no samples.
    """
    details = ModelDetails(data)
    signature = details.signatures()["train"]
    entry = details.describe(signature.inputs["x"], signature.graph)
    labels = details.describe(signature.inputs["y"], signature.graph)
    output = details.describe(signature.outputs["output"], signature.graph)
    shape, label_shape = tuple(entry["shape"][1:]), tuple(labels["shape"][1:])
    if len(x) != len(y) or not len(x):
        raise RilletError(f"{what}: {len(x)} samples in x, {len(y)} labels in y")
    if x.dtype.kind not in "fiub" or x.size != len(x) * int(np.prod(shape)):
        raise RilletError(f"{what}: x holds {x.dtype}{x.shape[1:]} samples, the model takes {shape}")
    if y.dtype.kind not in "fiub" or y.size != len(y) * int(np.prod(label_shape)):
        raise RilletError(f"{what}: y holds {y.dtype}{y.shape[1:]} labels, the model's loss takes {label_shape}")
    if labels["dtype"] is np.int32:
        classes = int(output["shape"][-1])
        if y.dtype.kind == "f" or y.min() < 0 or y.max() >= classes:
            raise RilletError(f"{what}: y holds {y.min()} to {y.max()}; labels are classes 0 to {classes - 1}")
    return Samples(
        _converted(x.reshape(len(x), *shape), entry), y.reshape(len(y), *label_shape).astype(labels["dtype"])
    )


def _converted(x: NDArray[Any], entry: dict[str, Any]) -> NDArray[Any]:
    wanted = np.dtype(entry["dtype"])
    scale, zero_point = entry["quantization"]
    if wanted.kind == "f" or scale == 0 or x.dtype == wanted:
        if x.dtype.kind == "f" and not np.isfinite(x).all():
            raise RilletError("the data: x holds values that are no numbers")
        return x.astype(wanted)
    low, high = DType.of(wanted).limits
    quantized: NDArray[Any] = np.clip(np.round(x / scale) + zero_point, low, high).astype(wanted)
    return quantized
