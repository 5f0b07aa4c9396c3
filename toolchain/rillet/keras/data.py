"""Batches from arrays, generators and data sets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..eager import random
from ..eager.nest import flatten, map_structure
from ..ir import RilletError


class DataError(RilletError, ValueError):
    """Training data that do not fit together."""


class PyDataset:
    """Base of data sets that give batches by number: `__len__`, `__getitem__`, and `on_epoch_end`."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


class Batches:
    """Batches (x, y, sample_weight) for one epoch after another. `count`: per epoch; None where unknown."""

    count: int | None = None

    def epoch(self) -> Iterator[tuple[Any, Any, Any]]:
        raise NotImplementedError


class ArrayBatches(Batches):
    """Rows of arrays, shuffled anew each epoch."""

    def __init__(self, x: Any, y: Any, weight: Any, batch_size: int, shuffle: bool) -> None:
        self.parts = tuple(None if part is None else map_structure(_as_rows, part) for part in (x, y, weight))
        lengths = {len(a) for part in self.parts if part is not None for a in flatten(part)}
        if len(lengths) != 1:
            raise DataError(f"inputs, targets and weights have different lengths: {sorted(lengths)}")
        self.rows, self.batch_size, self.shuffle = lengths.pop(), batch_size, shuffle
        if not self.rows:
            raise DataError("there are no samples")
        self.count = math.ceil(self.rows / batch_size)

    def epoch(self) -> Iterator[tuple[Any, Any, Any]]:
        order = random.shuffle(self.rows).numpy() if self.shuffle else None
        for start in range(0, self.rows, self.batch_size):
            rows = slice(start, start + self.batch_size) if order is None else order[start : start + self.batch_size]
            x, y, w = (None if part is None else map_structure(lambda a, r=rows: a[r], part) for part in self.parts)
            yield x, y, w


class IteratorBatches(Batches):
    """A generator, an iterable or a PyDataset, `steps` batches an epoch where given."""

    def __init__(self, source: Any, steps: int | None, class_weight: dict[int, float] | None) -> None:
        self.source, self.class_weight = source, class_weight
        self.count = steps if steps is not None else len(source) if hasattr(source, "__len__") else None
        self._running: Iterator[Any] | None = None

    def epoch(self) -> Iterator[tuple[Any, Any, Any]]:
        if isinstance(self.source, PyDataset) or not hasattr(self.source, "__iter__"):
            for index in range(self.count or 0):
                yield self._batch(self.source[index])
            if isinstance(self.source, PyDataset):
                self.source.on_epoch_end()
            return
        taken = 0
        if self._running is None:
            self._running = iter(self.source)
        for batch in self._running:
            yield self._batch(batch)
            taken += 1
            if self.count is not None and taken == self.count:
                return
        self._running = None
        if not taken:
            raise DataError("the data set gives no more batches: a generator lasts for one epoch unless it loops")

    def _batch(self, batch: Any) -> tuple[Any, Any, Any]:
        x, y, w = unpack(batch)
        x, y = (None if part is None else map_structure(_as_rows, part) for part in (x, y))
        return x, y, weights_of(y, w, self.class_weight)


def make_batches(
    x: Any, y: Any = None, sample_weight: Any = None, batch_size: int | None = None, shuffle: bool = False,
    steps: int | None = None, class_weight: dict[int, float] | None = None,
) -> Batches:  # fmt: skip
    """Batches of whatever `fit` was given.

    Raises:
        DataError: lengths differ, or targets beside a data set that has its own.
    """
    is_arrays = all(hasattr(a, "shape") or isinstance(a, (list, tuple, int, float)) for a in flatten(x)) and not (
        isinstance(x, PyDataset)
    )
    if is_arrays:
        weight = weights_of(y, sample_weight, class_weight)
        return ArrayBatches(x, y, weight, int(batch_size or 32), shuffle)
    if y is not None or sample_weight is not None:
        raise DataError("a data set or generator brings its own targets and weights: leave y and sample_weight out")
    return IteratorBatches(x, steps, class_weight)


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(x,), (x, y) or (x, y, sample_weight), or x alone."""
    if not isinstance(batch, tuple):
        return batch, None, None
    if not 1 <= len(batch) <= 3:
        raise DataError(f"a batch is (x,), (x, y) or (x, y, sample_weight), not a tuple of {len(batch)}")
    return (*batch, None, None)[:3]


def weights_of(y: Any, sample_weight: Any, class_weight: dict[int, float] | None) -> Any:
    """Sample weights, times those of each sample's class."""
    if class_weight is None:
        return None if sample_weight is None else np.asarray(sample_weight, np.float32)
    labels = np.asarray(y)
    labels = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(len(labels))
    table = {int(k): float(v) for k, v in class_weight.items()}
    missing = set(np.unique(labels).astype(int).tolist()) - set(table)
    if missing:
        raise DataError(f"class_weight has no entry for class {sorted(missing)[0]}")
    weights = np.array([table[int(label)] for label in labels], np.float32)
    return weights if sample_weight is None else weights * np.asarray(sample_weight, np.float32)


def split_validation(parts: Sequence[Any], share: float) -> tuple[list[Any], list[Any]]:
    """The first rows for training and the last `share` of them for validation.

    Raises:
        DataError: one of both would be empty.
    """
    rows = len(flatten(parts[0])[0])
    kept = math.floor(rows * (1.0 - share))
    if not 0 < kept < rows:
        raise DataError(f"validation_split={share} of {rows} samples leaves {kept} for training")
    head = [None if p is None else map_structure(lambda a: np.asarray(a)[:kept], p) for p in parts]
    tail = [None if p is None else map_structure(lambda a: np.asarray(a)[kept:], p) for p in parts]
    return head, tail


def _as_rows(value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise DataError(f"data of dtype {array.dtype}: numbers are needed")
    return array
