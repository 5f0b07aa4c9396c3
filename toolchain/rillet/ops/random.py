"""RANDOM_UNIFORM and RANDOM_STANDARD_NORMAL: Philox4x32-10 (Salmon et al., SC 2011), as TensorFlow and LiteRT use it.

The meaning here is what the first run after a start or reset gives; later runs go on in the same sequence. Uniform
numbers have the same bits everywhere, normal ones differ in the last bits of their logarithm and sine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op
from .opdef import Array, NotDifferentiable, OpDef, ShapeError, register
from .rules import MAX_RANK, Results, ints, length, present

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)


@dataclass
class RandomAttrs(Attrs):
    seed: int = 0
    seed2: int = 0


def philox(seed: int, stream: int, blocks: int, first: int = 0) -> Array:
    """Blocks `first` to `first + blocks` of the sequence: uint32 [blocks, 4]."""
    count = np.arange(first, first + blocks, dtype=np.uint64)
    c = [count & _LOW, count >> np.uint64(32)]
    c += [np.full(blocks, stream & 0xFFFFFFFF, np.uint64), np.full(blocks, stream >> 32 & 0xFFFFFFFF, np.uint64)]
    key = [np.uint32(seed & 0xFFFFFFFF), np.uint32(seed >> 32 & 0xFFFFFFFF)]
    for _ in range(10):
        a, b = _MULTIPLIERS[0] * c[0], _MULTIPLIERS[1] * c[2]
        c = [
            b >> np.uint64(32) ^ c[1] ^ np.uint64(key[0]),
            b & _LOW,
            a >> np.uint64(32) ^ c[3] ^ np.uint64(key[1]),
            a & _LOW,
        ]
        with np.errstate(over="ignore"):
            key = [key[0] + _WEYL[0], key[1] + _WEYL[1]]
    return np.stack(c, axis=1).astype(np.uint32)


def _uniform(drawn: Array) -> Array:
    bits = (drawn & np.uint32(0x7FFFFF)) | np.uint32(127 << 23)
    return bits.view(np.float32) - np.float32(1)


def _infer(op: Op) -> Results:
    shape = ints(op, 0)
    if shape is not None and (len(shape) > MAX_RANK or any(d < 0 for d in shape)):
        raise ShapeError(f"{op.kind} '{op.where}': {shape} is not a shape")
    return [((None,) * length(op, 0) if shape is None else shape, DType.FLOAT32)]


def _kept(seed: int) -> int:
    """Of a seed's 64 bits LiteRT keeps the lower half, with its sign."""
    return (seed + (1 << 31)) % (1 << 32) - (1 << 31)


def _drawn(op: Op, shape: list[int]) -> Array:
    assert isinstance(op.attrs, RandomAttrs)
    return philox(_kept(op.attrs.seed), _kept(op.attrs.seed2), -(-int(np.prod(shape)) // 4))


def _compute_uniform(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    shape = present(arrays)[0].reshape(-1).tolist()
    return [_uniform(_drawn(op, shape)).reshape(-1)[: int(np.prod(shape))].reshape(shape)]


def _compute_normal(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """Pairs by the method of Box and Muller."""
    shape = present(arrays)[0].reshape(-1).tolist()
    pairs = _uniform(_drawn(op, shape)).reshape(-1, 2)
    radius = np.sqrt(np.float32(-2) * np.log(np.maximum(pairs[:, 0], np.float32(1e-7))))
    angle = (2 * np.pi * pairs[:, 1].astype(np.float64)).astype(np.float32)
    values = np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)
    return [values.reshape(-1)[: int(np.prod(shape))].reshape(shape)]


_NO_INPUT = NotDifferentiable("its result does not depend on values")

register(
    OpDef(
        kind="RANDOM_UNIFORM",
        code=148,
        options="RandomOptions",
        attrs=RandomAttrs,
        infer=_infer,
        compute=_compute_uniform,
        gradient=_NO_INPUT,
    )
)
register(
    OpDef(
        kind="RANDOM_STANDARD_NORMAL",
        code=146,
        options="RandomOptions",
        attrs=RandomAttrs,
        infer=_infer,
        compute=_compute_normal,
        gradient=_NO_INPUT,
    )
)
