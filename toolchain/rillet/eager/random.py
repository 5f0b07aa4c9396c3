"""Random numbers, reproducible: one global generator, set by `set_seed`, gives the same numbers eagerly and traced.

Numbers are drawn in the order in which the program asks for them. A `rillet.function` draws anew at each call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..ir import RilletError
from .state import local
from .tensor import Tensor

_generator = np.random.Generator(np.random.SFC64())


def set_seed(seed: int) -> None:
    """Starts the global generator anew: what follows depends on `seed` alone."""
    global _generator
    _generator = np.random.Generator(np.random.SFC64(seed))


def uniform(
    shape: Sequence[int], minval: float = 0, maxval: float | None = None, dtype: DTypeLike = np.float32,
    seed: int | None = None,
) -> Tensor:  # fmt: skip
    """Numbers in [minval, maxval); `maxval` is 1 for floats, needed for integers. `seed`: always the same numbers."""
    if maxval is None:
        if np.dtype(dtype).kind != "f":
            raise RilletError("random.uniform of integers needs maxval")
        maxval = 1
    return _draw("uniform", shape, dtype, {"low": minval, "high": maxval, "seed": seed})


def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32,
    seed: int | None = None,
) -> Tensor:  # fmt: skip
    """Normally distributed numbers."""
    return _draw("normal", shape, dtype, {"mean": mean, "stddev": stddev, "seed": seed})


def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32,
    seed: int | None = None,
) -> Tensor:  # fmt: skip
    """Normally distributed numbers, those more than two standard deviations from the mean drawn again."""
    return _draw("truncated_normal", shape, dtype, {"mean": mean, "stddev": stddev, "seed": seed})


def shuffle(count: int, seed: int | None = None) -> Tensor:
    """The integers below `count` in random order (int32)."""
    return _draw("permutation", (count,), np.int32, {"seed": seed})


def draw_array(kind: str, shape: Sequence[int], dtype: Any, options: dict[str, Any]) -> NDArray[Any]:
    """The next numbers, as executors draw them."""
    seed = options["seed"]
    generator = _generator if seed is None else np.random.Generator(np.random.SFC64(seed))
    wanted = np.dtype(dtype)
    if kind == "permutation":
        return generator.permutation(shape[0]).astype(wanted)
    if kind == "uniform":
        if wanted.kind != "f":
            return generator.integers(options["low"], options["high"], shape, wanted)
        low, high = options["low"], options["high"]
        unit = generator.random(shape, wanted if wanted.itemsize > 2 else np.float32)
        return np.asarray(unit if (low, high) == (0, 1) else unit * (high - low) + low).astype(wanted, copy=False)
    values = generator.standard_normal(shape, wanted if wanted.itemsize > 2 else np.float32)
    if kind == "truncated_normal":
        while (far := np.abs(values) > 2).any():
            values[far] = generator.standard_normal(int(far.sum()), values.dtype)
    return np.asarray(values * options["stddev"] + options["mean"]).astype(wanted, copy=False)


def _draw(kind: str, shape: Sequence[int], dtype: DTypeLike, options: dict[str, Any]) -> Tensor:
    dims = tuple(int(d) for d in np.asarray(shape).reshape(-1))
    result: Tensor = local.executor.random(kind, dims, np.dtype(dtype), options)
    return result
