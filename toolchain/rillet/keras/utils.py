"""`keras.utils`: what scripts use most."""

from __future__ import annotations

import random as _python
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..eager import random
from .data import PyDataset
from .registry import clear_session, register_keras_serializable

__all__ = ["PyDataset", "Sequence", "clear_session", "normalize", "register_keras_serializable", "set_random_seed",
           "to_categorical"]  # fmt: skip

Sequence = PyDataset


def set_random_seed(seed: int) -> None:
    """Seeds rillet, NumPy and Python."""
    _python.seed(seed)
    np.random.seed(seed)
    random.set_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> NDArray[np.float32]:
    """Integer labels (...) or (..., 1) as one-hot float32 (..., num_classes).

    Raises:
        ValueError: a label is negative or not below num_classes.
    """
    labels = np.asarray(x, np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.size and not 0 <= labels.min() <= labels.max() < count:
        raise ValueError(f"labels from {labels.min()} to {labels.max()} for {count} classes")
    return np.eye(count, dtype=np.float32)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> NDArray[Any]:
    """`x` with norms of 1 along `axis`."""
    array = np.atleast_1d(np.asarray(x, np.float32))
    norm = np.asarray(np.linalg.norm(array, order, axis, keepdims=True))
    return np.asarray(array / np.where(norm == 0, 1, norm))
