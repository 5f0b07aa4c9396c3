"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR of NHWC to a (height, width) given as a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, GradientRule, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, present, required_ints, versions


@dataclass
class ResizeAttrs(Attrs):
    align_corners: bool = False
    half_pixel_centers: bool = False


def _infer(op: Op) -> Results:
    x, size = operand(op, 0), ints(op, 1)
    if len(x.shape) != 4 or (size is not None and (len(size) != 2 or min(size) < 1)):
        raise ShapeError(f"{op.kind} '{op.where}': input {x.shape} cannot be resized to {size}")
    height, width = size or (None, None)
    return [((x.shape[0], height, width, x.shape[3]), x.dtype)]


def _positions(op: Op, size: int, wanted: int, half_pixel: float) -> Array:
    """Source coordinate of each output pixel along one axis, `half_pixel` added before scaling (float32)."""
    assert isinstance(op.attrs, ResizeAttrs)
    aligned = op.attrs.align_corners and wanted > 1
    scale = np.float32(size - 1) / np.float32(wanted - 1) if aligned else np.float32(size) / np.float32(wanted)
    return (np.arange(wanted, dtype=np.float32) + np.float32(half_pixel)) * scale


def _compute_nearest(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, wanted = present(arrays)
    assert isinstance(op.attrs, ResizeAttrs)
    for axis, count in zip((1, 2), wanted.reshape(-1).tolist(), strict=True):
        at = _positions(op, x.shape[axis], count, 0.5 if op.attrs.half_pixel_centers else 0.0)
        at = np.floor(at + np.float32(0.5)) if op.attrs.align_corners else np.floor(at)
        x = np.take(x, np.clip(at.astype(np.int64), 0, x.shape[axis] - 1), axis=axis)
    return [x]


def _compute_bilinear(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, wanted = present(arrays)
    assert isinstance(op.attrs, ResizeAttrs)
    for axis, count in zip((1, 2), wanted.reshape(-1).tolist(), strict=True):
        shift = 0.5 if op.attrs.half_pixel_centers else 0.0
        at = _positions(op, x.shape[axis], count, shift) - np.float32(shift)
        low = np.maximum(np.floor(at), 0).astype(np.int64)
        high = np.minimum(np.ceil(at), x.shape[axis] - 1).astype(np.int64)
        part = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
        x = np.take(x, low, axis=axis) * (1 - part) + np.take(x, high, axis=axis) * part
    return [x]


def _gradient(compute: Callable[[Op, Sequence[Array | None]], list[Array]]) -> GradientRule:
    """Resizing is linear and treats rows and columns apart: the gradient is a product with each one's matrix.

    The matrices are what resizing makes of the identity.
    """

    def gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
        n, height, width, channels = operand(op, 0).static_shape
        wanted_height, wanted_width = required_ints(op, 1, "the size")
        identity = np.eye(height, dtype=np.float32).reshape(1, height, 1, height)
        (rows,) = compute(op, [identity, np.array([wanted_height, 1])])
        identity = np.eye(width, dtype=np.float32).reshape(1, 1, width, width)
        (columns,) = compute(op, [identity, np.array([1, wanted_width])])
        planes = b.reshape(dy, (n, wanted_height, wanted_width * channels))
        planes = b.matmul(b.constant(rows.reshape(wanted_height, height).astype(np.float32)), planes, adj_x=True)
        lines = b.reshape(planes, (n * height, wanted_width, channels))
        lines = b.matmul(b.constant(columns.reshape(wanted_width, width).astype(np.float32)), lines, adj_x=True)
        return [b.reshape(lines, (n, height, width, channels))]

    return single(gradient)


def _bilinear_version(op: Op) -> int:
    assert isinstance(op.attrs, ResizeAttrs)
    if operand(op, 0).dtype is DType.INT16:
        return 4
    return 3 if op.attrs.half_pixel_centers else versions(int8=2)(op)


def _nearest_version(op: Op) -> int:
    assert isinstance(op.attrs, ResizeAttrs)
    if operand(op, 0).dtype is DType.INT16:
        return 4
    return 3 if op.attrs.half_pixel_centers or op.attrs.align_corners else versions(int8=2)(op)


register(
    OpDef(
        kind="RESIZE_BILINEAR",
        code=23,
        options="ResizeBilinearOptions",
        attrs=ResizeAttrs,
        infer=_infer,
        compute=_compute_bilinear,
        gradient=_gradient(_compute_bilinear),
        quant=QuantRule(same_scale=True),
        version=_bilinear_version,
    )
)
register(
    OpDef(
        kind="RESIZE_NEAREST_NEIGHBOR",
        code=97,
        options="ResizeNearestNeighborOptions",
        attrs=ResizeAttrs,
        infer=_infer,
        compute=_compute_nearest,
        gradient=_gradient(_compute_nearest),
        quant=QuantRule(same_scale=True),
        version=_nearest_version,
    )
)
