"""PAD (with zero), PADV2 (with a value) and MIRROR_PAD; paddings are a (rank, 2) tensor of before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

from ..ir import Attrs, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, present, required_ints, versions


class MirrorPadMode(IntEnum):
    """REFLECT leaves out the border value itself, SYMMETRIC repeats it."""

    REFLECT = 0
    SYMMETRIC = 1


@dataclass
class MirrorPadAttrs(Attrs):
    mode: MirrorPadMode = MirrorPadMode.REFLECT


def _infer(op: Op) -> Results:
    x, paddings = operand(op, 0), ints(op, 1)
    if paddings is None:
        return [((None,) * len(x.shape), x.dtype)]
    if len(paddings) != 2 * len(x.shape) or any(p < 0 for p in paddings):
        raise ShapeError(f"{op.kind} '{op.where}': paddings {paddings} do not fit input {x.shape}")
    is_reflect = isinstance(op.attrs, MirrorPadAttrs) and op.attrs.mode == MirrorPadMode.REFLECT
    shape: list[int | None] = []
    for size, before, after in zip(x.shape, paddings[::2], paddings[1::2], strict=True):
        if op.kind == "MIRROR_PAD" and size is not None and max(before, after) > size - is_reflect:
            raise ShapeError(f"MIRROR_PAD '{op.where}': paddings {paddings} reach beyond input {x.shape}")
        shape.append(None if size is None else before + size + after)
    return [(tuple(shape), x.dtype)]


def _compute_pad(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, paddings, *value = present(arrays)
    return [np.pad(x, paddings.tolist(), constant_values=value[0].reshape(-1)[0] if value else 0)]


def _compute_mirror_pad(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, paddings = present(arrays)
    assert isinstance(op.attrs, MirrorPadAttrs)
    mode: Literal["reflect", "symmetric"] = "reflect" if op.attrs.mode == MirrorPadMode.REFLECT else "symmetric"
    return [np.pad(x, paddings.tolist(), mode=mode)]


def _paddings(op: Op) -> list[tuple[int, int]]:
    flat = required_ints(op, 1, "the paddings")
    return list(zip(flat[::2], flat[1::2], strict=True))


def _pad_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """What lies inside; the rest belongs to the padding value."""
    x = operand(op, 0)
    begin = [before for before, _ in _paddings(op)]
    inside = b.shaped(b.op("SLICE", [dy, b.ints(begin), b.shape(x)]), x.shape)
    if len(op.inputs) < 3:
        return [inside]
    outside = b.sub(b.sum(dy, range(len(dy.shape))), b.sum(inside, range(len(dy.shape))))
    return [inside, None, b.reshape_like(outside, operand(op, 2))]


def _mirror_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Axis by axis, each border is flipped back onto the values that it repeats."""
    assert isinstance(op.attrs, MirrorPadAttrs)
    gap = 1 if op.attrs.mode == MirrorPadMode.REFLECT else 0
    shape, rank = operand(op, 0).static_shape, len(dy.shape)
    for axis, (before, after) in enumerate(_paddings(op)):
        size, whole = shape[axis], dy
        dy = _stretch(b, whole, axis, before, size)
        for start, count, at in ((0, before, gap), (before + size, after, size - gap - after)):
            if count:
                border = b.op("REVERSE_V2", [_stretch(b, whole, axis, start, count), b.ints((axis,))])
                pads = [(at, size - at - count) if i == axis else (0, 0) for i in range(rank)]
                dy = b.add(dy, b.op("PAD", [border, b.constant(np.array(pads, np.int32))]))
    return [dy]


def _stretch(b: GradientBuilder, x: Tensor, axis: int, start: int, count: int) -> Tensor:
    begin = [start if i == axis else 0 for i in range(len(x.shape))]
    return b.op("SLICE", [x, b.ints(begin), b.ints([count if i == axis else -1 for i in range(len(x.shape))])])


_version = versions(int8=2, int16=3, bool=5, large=(4, 4))

register(
    OpDef(
        kind="PAD",
        code=34,
        options="PadOptions",
        infer=_infer,
        compute=_compute_pad,
        gradient=single(_pad_gradient),
        quant=QuantRule(same_scale=True),
        version=_version,
        onnx="Pad",
        keras="ZeroPadding2D",
    )
)
register(
    OpDef(
        kind="PADV2",
        code=60,
        options="PadV2Options",
        infer=_infer,
        compute=_compute_pad,
        gradient=single(_pad_gradient),
        quant=QuantRule(same_scale=True),
        version=_version,
    )
)
register(
    OpDef(
        kind="MIRROR_PAD",
        code=100,
        options="MirrorPadOptions",
        attrs=MirrorPadAttrs,
        infer=_infer,
        compute=_compute_mirror_pad,
        gradient=single(_mirror_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=3),
    )
)
