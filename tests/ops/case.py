"""Case: one operator with operands and attributes, as a small record that every mode of the harness reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rillet.ir import DType


@dataclass(frozen=True)
class Random:
    """An input of the graph, uniform in [low, high] (integers: both inclusive)."""

    shape: tuple[int, ...]
    low: float = -1.0
    high: float = 1.0
    dtype: DType = DType.FLOAT32
    is_constant: bool = False

    def draw(self, rng: np.random.Generator) -> NDArray[Any]:
        if self.dtype is DType.BOOL:
            return rng.integers(0, 2, self.shape).astype(np.bool_)
        if self.dtype.is_integer:
            return rng.integers(int(self.low), int(self.high) + 1, self.shape).astype(self.dtype.numpy)
        return rng.uniform(self.low, self.high, self.shape).astype(self.dtype.numpy)


def weights(*shape: int) -> Random:
    """A random constant."""
    return Random(shape, is_constant=True)


def indices(*shape: int, below: int, is_constant: bool = False) -> Random:
    """A random int32 tensor in [0, below)."""
    return Random(shape, 0, below - 1, DType.INT32, is_constant)


OPTIMIZED = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
"""LiteRT's own optimized kernels, for what its reference kernels lack or do wrong."""

Operand = Random | ArrayLike | None
"""A random tensor, a constant given by its values (lists of ints are int32), or an absent optional input."""


@dataclass(frozen=True)
class Case:
    """One operator on some operands.

    Attributes:
        name: what is special about it, unique within the kind.
        quantized: the integer forms to run beside the float one: names of `harness.VARIANTS`.
        is_float: False leaves out the form with operands as declared.
        output: type of the outputs where operands and attributes do not say it (QUANTIZE).
        output_range: real range that a quantized output is made for; by default that of the results.
        steps: how many quantization steps LiteRT's fixed-point arithmetic may differ from the real meaning;
            `steps_int16` for int16 activations, whose steps are 256 times finer.
        tolerance: of float results, relative to the largest value.
        resolver: LiteRT's kernels to compare with; "" where it has none.
    """

    kind: str
    name: str
    operands: Sequence[Operand]
    attrs: dict[str, Any] = field(default_factory=dict)
    quantized: tuple[str, ...] = ()
    is_float: bool = True
    output: DType | None = None
    output_range: tuple[float, float] | None = None
    steps: int = 1
    steps_int16: int = 1
    tolerance: float = 1e-5
    resolver: str = "BUILTIN_REF"
