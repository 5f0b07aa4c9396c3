"""PAD (with zero), PADV2 (with a value) and MIRROR_PAD; paddings are a (rank, 2) tensor of before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

from ..ir import Attrs, Op
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, present, versions


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


_version = versions(int8=2, int16=3, bool=5, large=(4, 4))

register(
    OpDef(
        kind="PAD",
        code=34,
        options="PadOptions",
        infer=_infer,
        compute=_compute_pad,
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
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=3),
    )
)
