"""Plan images made by hand, for tests of what lies below the kernels; the layout is runtime_c/core/image.h."""

from __future__ import annotations

import struct
import zlib

FLOAT32, INT8 = 0, 9
ARENA_BYTES = 4096
HEADER_BYTES = 68
MAGIC, VERSION = 0x544C5249, 2


def image_without_steps() -> bytes:
    """One int8 input (2, 3, 5) at arena offset 64, one float32 output (7,) at 128, no steps."""
    tensors = _tensor(64, INT8, (2, 3, 5), 30, 0.5, -7) + _tensor(128, FLOAT32, (7,), 28, 0.0, 0)
    total = HEADER_BYTES + len(tensors)
    rest = (
        struct.pack("<13I", ARENA_BYTES, 64, 0, 0, 0, total, 1, HEADER_BYTES, 1, total - len(tensors) // 2, 0, 0, 0)
        + tensors
    )
    return struct.pack("<4I", MAGIC, VERSION, total, zlib.crc32(rest)) + rest


def _tensor(offset: int, dtype: int, shape: tuple[int, ...], size: int, scale: float, zero_point: int) -> bytes:
    dims = (*shape, *[0] * (8 - len(shape)))
    return struct.pack("<4I8ifi", offset >> 2, size, dtype, len(shape), *dims, scale, zero_point)
