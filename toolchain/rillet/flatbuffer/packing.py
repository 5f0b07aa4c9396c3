"""Elements smaller than a byte: packed in files, one to a byte in the IR."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ir import DType

_SIGNED = (DType.INT4, DType.INT2)


def unpack(packed: NDArray[np.uint8], count: int, dtype: DType) -> NDArray[np.generic]:
    """`count` elements of INT4, UINT4 or INT2 from 1-D bytes, the first in the lowest bits (as LiteRT packs them)."""
    bits = dtype.bits
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    values = (packed[:, None] >> shifts).reshape(-1)[:count] & np.uint8((1 << bits) - 1)
    if dtype not in _SIGNED:
        return values
    sign = np.uint8(1 << (bits - 1))
    return ((values ^ sign) - sign).view(np.int8)


def pack(values: NDArray[np.generic], dtype: DType) -> NDArray[np.uint8]:
    """The inverse of `unpack`; a last byte that is not full is filled with zero bits."""
    per_byte = 8 // dtype.bits
    flat = values.reshape(-1).astype(np.uint8) & np.uint8((1 << dtype.bits) - 1)
    flat = np.concatenate([flat, np.zeros(-len(flat) % per_byte, np.uint8)]).reshape(-1, per_byte)
    shifts = np.arange(0, 8, dtype.bits, dtype=np.uint8)
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(flat << shifts, axis=1)
    return packed
