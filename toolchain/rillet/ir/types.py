"""Element types, enumerations and quantization parameters of the IR.

Numeric values of every enumeration equal those of the TFLite schema
(schema_v3.fbs, Apache-2.0), so reading and writing them is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray


class DType(IntEnum):
    """Element type of a tensor (TFLite `TensorType`)."""

    FLOAT32 = 0
    FLOAT16 = 1
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    STRING = 5
    BOOL = 6
    INT16 = 7
    COMPLEX64 = 8
    INT8 = 9
    FLOAT64 = 10
    COMPLEX128 = 11
    UINT64 = 12
    RESOURCE = 13
    VARIANT = 14
    UINT32 = 15
    UINT16 = 16
    INT4 = 17
    BFLOAT16 = 18
    INT2 = 19
    UINT4 = 20
    FLOAT8_E4M3FN = 21
    FLOAT8_E5M2 = 22

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy type that holds one element; int4 and int2 are held as int8, bfloat16 as raw
        uint16, float8 as raw uint8.

        Raises:
            TypeError: STRING, RESOURCE and VARIANT have no fixed-size element.
        """
        if self not in _NUMPY:
            raise TypeError(f"{self.name} tensors have no numpy element type")
        return _NUMPY[self]

    @property
    def bits(self) -> int:
        """Bits that one element takes in a file (4 for INT4)."""
        return _PACKED_BITS.get(self) or self.numpy.itemsize * 8

    @property
    def is_integer(self) -> bool:
        return self in _INTEGERS

    @property
    def is_float(self) -> bool:
        return self in (DType.FLOAT16, DType.FLOAT32, DType.FLOAT64) or self in _RAW_FLOATS

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value of an integer type, both inclusive."""
        return _limits(self)

    @classmethod
    def of(cls, dtype: object) -> DType:
        """The DType of a numpy dtype (or anything `np.dtype` accepts)."""
        wanted = np.dtype(dtype)  # type: ignore[call-overload]
        for member, candidate in _NUMPY.items():
            if candidate == wanted and member not in _PACKED_BITS and member not in _RAW_FLOATS:
                return member
        raise TypeError(f"no tensor type for numpy {wanted}")


_NUMPY: dict[DType, np.dtype[np.generic]] = {
    DType.FLOAT32: np.dtype(np.float32),
    DType.FLOAT16: np.dtype(np.float16),
    DType.INT32: np.dtype(np.int32),
    DType.UINT8: np.dtype(np.uint8),
    DType.INT64: np.dtype(np.int64),
    DType.BOOL: np.dtype(np.bool_),
    DType.INT16: np.dtype(np.int16),
    DType.COMPLEX64: np.dtype(np.complex64),
    DType.INT8: np.dtype(np.int8),
    DType.FLOAT64: np.dtype(np.float64),
    DType.COMPLEX128: np.dtype(np.complex128),
    DType.UINT64: np.dtype(np.uint64),
    DType.UINT32: np.dtype(np.uint32),
    DType.UINT16: np.dtype(np.uint16),
    DType.INT4: np.dtype(np.int8),
    DType.BFLOAT16: np.dtype(np.uint16),
    DType.INT2: np.dtype(np.int8),
    DType.UINT4: np.dtype(np.uint8),
    DType.FLOAT8_E4M3FN: np.dtype(np.uint8),
    DType.FLOAT8_E5M2: np.dtype(np.uint8),
}
_RAW_FLOATS = {DType.BFLOAT16, DType.FLOAT8_E4M3FN, DType.FLOAT8_E5M2}
_INTEGERS = frozenset(dtype for dtype, held in _NUMPY.items() if held.kind in "iu") - _RAW_FLOATS
_PACKED_BITS = {DType.INT4: 4, DType.INT2: 2, DType.UINT4: 4}


@cache
def _limits(dtype: DType) -> tuple[int, int]:
    if dtype in _PACKED_BITS:
        bits = _PACKED_BITS[dtype]
        if dtype is DType.UINT4:
            return 0, (1 << bits) - 1
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    info = np.iinfo(dtype.numpy.name)
    return int(info.min), int(info.max)


class Padding(IntEnum):
    """SAME: output = ceil(input / stride), the odd pixel of padding goes after. VALID: none."""

    SAME = 0
    VALID = 1


class Activation(IntEnum):
    """Activation fused into an op (TFLite `ActivationFunctionType`)."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5

    @property
    def bounds(self) -> tuple[float, float]:
        """Clamp range; infinite where the side is open. TANH and SIGN_BIT are no clamps: ValueError."""
        if self not in _BOUNDS:
            raise ValueError(f"{self.name} is not a clamp")
        return _BOUNDS[self]


_BOUNDS = {
    Activation.NONE: (-np.inf, np.inf),
    Activation.RELU: (0.0, np.inf),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
    Activation.RELU6: (0.0, 6.0),
}


@dataclass
class Quantization:
    """Affine quantization: real = scale * (stored - zero_point).

    `scale` and `zero_point` have one element (per tensor) or `shape[axis]` elements (per axis).
    A tensor that only records an observed range has empty `scale`, and `min`/`max`.
    `blockwise` keeps TFLite's blockwise details as an opaque value for round trips.
    """

    scale: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    zero_point: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    axis: int = 0
    min: NDArray[np.float32] | None = None
    max: NDArray[np.float32] | None = None
    blockwise: object | None = None

    @classmethod
    def per_tensor(cls, scale: float, zero_point: int) -> Quantization:
        return cls(np.array([scale], np.float32), np.array([zero_point], np.int64))

    @property
    def is_per_axis(self) -> bool:
        return self.scale.size > 1

    def dequantize(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """Real values of the stored `values` (any shape; per-axis along `axis`)."""
        scale, zero = self.scale, self.zero_point
        if self.is_per_axis:
            scale, zero = self._aligned(values.ndim)
        return ((values.astype(np.int64) - zero) * scale).astype(np.float32).reshape(values.shape)

    def quantize(self, real: NDArray[np.floating], dtype: DType) -> NDArray[np.generic]:
        """Stored values of `real`: rounded half away from zero as TFLite does, clamped to `dtype`."""
        scale, zero = self.scale, self.zero_point
        if self.is_per_axis:
            scale, zero = self._aligned(real.ndim)
        scaled = real / scale
        rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)) + zero
        low, high = dtype.limits
        stored: NDArray[np.generic] = np.clip(rounded, low, high).astype(dtype.numpy).reshape(np.shape(real))
        return stored

    def _aligned(self, rank: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scales and zero points shaped to broadcast along `axis`.

        Old converters give a bias the axis of its filter: a vector has one axis only, so that is the one meant.
        """
        shape = [1] * rank
        shape[self.axis if rank > 1 else 0] = -1
        return self.scale.reshape(shape), self.zero_point.reshape(shape)
