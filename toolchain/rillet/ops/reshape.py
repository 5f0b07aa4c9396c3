"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same values under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op, Shape, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, length, one_int, product, resolve_axis


@dataclass
class ReshapeAttrs(Attrs):
    new_shape: tuple[int, ...] = ()


@dataclass
class SqueezeAttrs(Attrs):
    squeeze_dims: tuple[int, ...] = ()


def _wanted(op: Op) -> Sequence[int] | None:
    """The shape asked for (one entry may be -1): of the shape input if it is a vector, else of the attribute."""
    assert isinstance(op.attrs, ReshapeAttrs)
    if len(op.inputs) > 1 and op.inputs[1] is not None and len(op.inputs[1].shape) == 1:
        return ints(op, 1)
    return () if tuple(op.attrs.new_shape) == (0,) else op.attrs.new_shape  # old files write a scalar as [0]


def _infer_reshape(op: Op) -> Results:
    x, wanted = operand(op, 0), _wanted(op)
    if wanted is None:
        return [((None,) * length(op, 1), x.dtype)]
    total, others = product(x.shape), product(d for d in wanted if d != -1)
    if sum(d == -1 for d in wanted) > 1 or any(d < -1 for d in wanted):
        raise ShapeError(f"RESHAPE '{op.where}': {tuple(wanted)} is not a shape")
    fits = total is None or others is None or (total % others == 0 if others and -1 in wanted else total == others)
    if not fits:
        raise ShapeError(f"RESHAPE '{op.where}': {total} values of {x.shape} do not fill {tuple(wanted)}")
    rest = None if total is None or not others else total // others
    shape: Shape = tuple(rest if d == -1 else d for d in wanted)
    return [(shape, x.dtype)]


def _compute_reshape(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert arrays[0] is not None
    wanted = _wanted(op)
    if wanted is None:
        assert arrays[1] is not None
        wanted = arrays[1].tolist()
    return [arrays[0].reshape(tuple(wanted))]


def _squeezed(op: Op, shape: Shape) -> tuple[int, ...]:
    """The axes that SQUEEZE drops."""
    assert isinstance(op.attrs, SqueezeAttrs)
    if not len(op.attrs.squeeze_dims):
        if None in shape:
            raise ShapeError(f"SQUEEZE '{op.where}': which of {shape} are 1 is not known; name the axes")
        return tuple(i for i, d in enumerate(shape) if d == 1)
    axes = tuple(resolve_axis(op, int(a), len(shape)) for a in op.attrs.squeeze_dims)
    if any(shape[a] not in (1, None) for a in axes):
        raise ShapeError(f"SQUEEZE '{op.where}': dimensions {axes} of {shape} are not all 1")
    return axes


def _infer_squeeze(op: Op) -> Results:
    x = operand(op, 0)
    dropped = _squeezed(op, x.shape)
    return [(tuple(d for i, d in enumerate(x.shape) if i not in dropped), x.dtype)]


def _compute_squeeze(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert arrays[0] is not None
    return [np.squeeze(arrays[0], _squeezed(op, arrays[0].shape))]


def _infer_expand_dims(op: Op) -> Results:
    x = operand(op, 0)
    wanted = one_int(op, 1)
    if wanted is None:
        return [((None,) * (len(x.shape) + 1), x.dtype)]
    axis = resolve_axis(op, wanted, len(x.shape) + 1)
    return [((*x.shape[:axis], 1, *x.shape[axis:]), x.dtype)]


def _compute_expand_dims(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    assert arrays[0] is not None and arrays[1] is not None
    return [np.expand_dims(arrays[0], int(arrays[1].reshape(-1)[0]))]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.reshape_like(dy, operand(op, 0))]


register(
    OpDef(
        kind="RESHAPE",
        code=22,
        options="ReshapeOptions",
        attrs=ReshapeAttrs,
        infer=_infer_reshape,
        compute=_compute_reshape,
        gradient=single(_gradient),
        quant=QuantRule(same_scale=True),
        onnx="Reshape",
        keras="Reshape",
    )
)
register(
    OpDef(
        kind="SQUEEZE",
        code=43,
        options="SqueezeOptions",
        attrs=SqueezeAttrs,
        infer=_infer_squeeze,
        compute=_compute_squeeze,
        gradient=single(_gradient),
        quant=QuantRule(same_scale=True),
        onnx="Squeeze",
    )
)
register(
    OpDef(
        kind="EXPAND_DIMS",
        code=70,
        options="ExpandDimsOptions",
        infer=_infer_expand_dims,
        compute=_compute_expand_dims,
        gradient=single(_gradient),
        quant=QuantRule(same_scale=True),
        onnx="Unsqueeze",
    )
)
