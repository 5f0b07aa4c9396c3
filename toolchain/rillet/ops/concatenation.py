"""CONCATENATION and PACK: many tensors into one, along an axis that is there or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, Op, Shape, Tensor
from .gradient import GradientBuilder, Gradients, activated, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, activate, present, resolve_axis, versions


@dataclass
class ConcatenationAttrs(Attrs):
    axis: int = 0
    fused_activation_function: Activation = Activation.NONE


@dataclass
class PackAttrs(Attrs):
    values_count: int = 0
    axis: int = 0


def _merged(op: Op, free: int | None) -> list[int | None]:
    """The dimensions that all inputs agree on, except at axis `free`."""
    shapes: list[Shape] = [operand(op, i).shape for i in range(len(op.inputs))]
    if len({len(s) for s in shapes}) != 1:
        raise ShapeError(f"{op.kind} '{op.where}': inputs {shapes} have different numbers of dimensions")
    merged: list[int | None] = []
    for axis, dims in enumerate(zip(*shapes, strict=True)):
        known = {d for d in dims if d is not None}
        if len(known) > 1 and axis != free:
            raise ShapeError(f"{op.kind} '{op.where}': inputs {shapes} differ outside the axis")
        merged.append(next(iter(known), None))
    return merged


def _infer_concatenation(op: Op) -> Results:
    x = operand(op, 0)
    assert isinstance(op.attrs, ConcatenationAttrs)
    axis = resolve_axis(op, op.attrs.axis, len(x.shape))
    shape = _merged(op, axis)
    sizes = [operand(op, i).shape[axis] for i in range(len(op.inputs))]
    known = [s for s in sizes if s is not None]
    shape[axis] = sum(known) if len(known) == len(sizes) else None
    return [(tuple(shape), x.dtype)]


def _compute_concatenation(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert isinstance(op.attrs, ConcatenationAttrs)
    y = np.concatenate(present(arrays), axis=op.attrs.axis)
    return [activate(y, op.attrs.fused_activation_function)]


def _infer_pack(op: Op) -> Results:
    x = operand(op, 0)
    assert isinstance(op.attrs, PackAttrs)
    if op.attrs.values_count != len(op.inputs):
        raise ShapeError(f"PACK '{op.where}': values_count is {op.attrs.values_count} for {len(op.inputs)} inputs")
    axis = resolve_axis(op, op.attrs.axis, len(x.shape) + 1)
    shape = _merged(op, None)
    return [((*shape[:axis], len(op.inputs), *shape[axis:]), x.dtype)]


def _compute_pack(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert isinstance(op.attrs, PackAttrs)
    return [np.stack(present(arrays), axis=op.attrs.axis)]


def _concatenation_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """The stretch of `dy` that each input became."""
    assert isinstance(op.attrs, ConcatenationAttrs)
    rank = len(dy.shape)
    axis, start, parts = resolve_axis(op, op.attrs.axis, rank), 0, Gradients()
    for i in range(len(op.inputs)):
        count = operand(op, i).static_shape[axis] if i + 1 < len(op.inputs) else -1
        begin, size = ([value if a == axis else rest for a in range(rank)] for value, rest in ((start, 0), (count, -1)))
        part = b.op("SLICE", [dy, b.ints(begin), b.ints(size)])
        parts.append(b.shaped(part, operand(op, i).shape))
        start += count
    return parts


def _pack_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    assert isinstance(op.attrs, PackAttrs)
    return [*b.ops("UNPACK", [dy], num=op.attrs.values_count, axis=op.attrs.axis)]


register(
    OpDef(
        kind="CONCATENATION",
        code=2,
        options="ConcatenationOptions",
        attrs=ConcatenationAttrs,
        infer=_infer_concatenation,
        compute=_compute_concatenation,
        gradient=activated(single(_concatenation_gradient)),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=3, uint32=4, int4=5, float16=6),
        onnx="Concat",
        keras="Concatenate",
    )
)
register(
    OpDef(
        kind="PACK",
        code=83,
        options="PackOptions",
        attrs=PackAttrs,
        infer=_infer_pack,
        compute=_compute_pack,
        gradient=single(_pack_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=3, uint32=4),
    )
)
