"""Blocks between the spatial dimensions and channels or batch: DEPTH_TO_SPACE, SPACE_TO_BATCH_ND and inverses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, GradientRule, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, ints, present, product, versions


@dataclass
class BlockAttrs(Attrs):
    block_size: int = 0


def _block(op: Op) -> int:
    assert isinstance(op.attrs, BlockAttrs)
    if op.attrs.block_size < 1 or len(operand(op, 0).shape) != 4:
        raise ShapeError(f"{op.kind} '{op.where}': block {op.attrs.block_size} of input {operand(op, 0).shape}")
    return op.attrs.block_size


def _divided(op: Op, dim: int | None, by: int) -> int | None:
    if dim is not None and dim % by:
        raise ShapeError(f"{op.kind} '{op.where}': dimension {dim} does not divide by {by}")
    return None if dim is None else dim // by


def _infer_depth_to_space(op: Op) -> Results:
    x, block = operand(op, 0), _block(op)
    n, h, w, c = x.shape
    return [((n, product((h, block)), product((w, block)), _divided(op, c, block * block)), x.dtype)]


def _compute_depth_to_space(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,), block = present(arrays), _block(op)
    n, h, w, c = x.shape
    cells = x.reshape(n, h, w, block, block, c // block**2).transpose(0, 1, 3, 2, 4, 5)
    return [cells.reshape(n, h * block, w * block, c // block**2)]


def _infer_space_to_depth(op: Op) -> Results:
    x, block = operand(op, 0), _block(op)
    n, h, w, c = x.shape
    return [((n, _divided(op, h, block), _divided(op, w, block), product((c, block, block))), x.dtype)]


def _compute_space_to_depth(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,), block = present(arrays), _block(op)
    n, h, w, c = x.shape
    cells = x.reshape(n, h // block, block, w // block, block, c).transpose(0, 1, 3, 2, 4, 5)
    return [cells.reshape(n, h // block, w // block, c * block**2)]


def _blocks(op: Op) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Block sizes and paddings (or crops, flattened); None where they are not constant."""
    x, sizes, borders = operand(op, 0), ints(op, 1), ints(op, 2)
    if sizes is None or borders is None:
        return None
    is_sane = min(sizes, default=0) >= 1 and min(borders, default=0) >= 0 and len(borders) == 2 * len(sizes)
    if not is_sane or len(x.shape) < len(sizes) + 1:
        raise ShapeError(f"{op.kind} '{op.where}': blocks {sizes} and borders {borders} do not fit input {x.shape}")
    return sizes, borders


def _infer_space_to_batch(op: Op) -> Results:
    x, blocks = operand(op, 0), _blocks(op)
    if blocks is None:
        return [((None,) * len(x.shape), x.dtype)]
    sizes, pads = blocks
    spatial = [
        None if dim is None else _divided(op, dim + pads[2 * i] + pads[2 * i + 1], block)
        for i, (dim, block) in enumerate(zip(x.shape[1:], sizes, strict=False))
    ]
    return [((product((x.shape[0], *sizes)), *spatial, *x.shape[1 + len(sizes) :]), x.dtype)]


def _compute_space_to_batch(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, sizes, pads = present(arrays)
    blocks, count = sizes.tolist(), sizes.size
    x = np.pad(x, [(0, 0), *pads.tolist(), *[(0, 0)] * (x.ndim - 1 - count)])
    spatial, rest = x.shape[1 : 1 + count], x.shape[1 + count :]
    cut = x.reshape(x.shape[0], *(v for d, b in zip(spatial, blocks, strict=True) for v in (d // b, b)), *rest)
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count, 2), *range(2 * count + 1, cut.ndim)]
    cut = cut.transpose(order)
    return [cut.reshape(-1, *cut.shape[count + 1 :])]


def _infer_batch_to_space(op: Op) -> Results:
    x, blocks = operand(op, 0), _blocks(op)
    if blocks is None:
        return [((None,) * len(x.shape), x.dtype)]
    sizes, crops = blocks
    spatial: list[int | None] = []
    for i, (dim, block) in enumerate(zip(x.shape[1:], sizes, strict=False)):
        spatial.append(None if dim is None else dim * block - crops[2 * i] - crops[2 * i + 1])
        if (spatial[-1] or 0) < 0:
            raise ShapeError(f"BATCH_TO_SPACE_ND '{op.where}': crops {crops} take more than input {x.shape} holds")
    batch = _divided(op, x.shape[0], int(np.prod(sizes)))
    return [((batch, *spatial, *x.shape[1 + len(sizes) :]), x.dtype)]


def _compute_batch_to_space(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, sizes, crops = present(arrays)
    blocks, count = sizes.tolist(), sizes.size
    cut = x.reshape(*blocks, -1, *x.shape[1:])
    order = [count, *(v for i in range(count) for v in (count + 1 + i, i)), *range(2 * count + 1, cut.ndim)]
    spatial = [d * b for d, b in zip(x.shape[1 : 1 + count], blocks, strict=True)]
    y = cut.transpose(order).reshape(-1, *spatial, *x.shape[1 + count :])
    ends = [slice(before, size - after) for size, (before, after) in zip(spatial, crops.tolist(), strict=True)]
    return [y[(slice(None), *ends)]]


def _inverse(kind: str) -> GradientRule:
    """Values only move (or are dropped, or zeros come in): the gradient moves back by the inverse operator."""

    def gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
        back = b.op(kind, [dy, *op.inputs[1:]], **vars(op.attrs))
        return [b.shaped(back, operand(op, 0).shape)]

    return single(gradient)


def _batch_version(op: Op) -> int:
    is_plane = len(operand(op, 0).shape) == 4
    return versions(int8=2, int16=4)(op) if is_plane else versions(3, int16=4)(op)


register(
    OpDef(
        kind="DEPTH_TO_SPACE",
        code=5,
        options="DepthToSpaceOptions",
        attrs=BlockAttrs,
        infer=_infer_depth_to_space,
        compute=_compute_depth_to_space,
        gradient=_inverse("SPACE_TO_DEPTH"),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2),
        onnx="DepthToSpace",
    )
)
register(
    OpDef(
        kind="SPACE_TO_DEPTH",
        code=26,
        options="SpaceToDepthOptions",
        attrs=BlockAttrs,
        infer=_infer_space_to_depth,
        compute=_compute_space_to_depth,
        gradient=_inverse("DEPTH_TO_SPACE"),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2),
        onnx="SpaceToDepth",
    )
)
register(
    OpDef(
        kind="SPACE_TO_BATCH_ND",
        code=38,
        options="SpaceToBatchNDOptions",
        infer=_infer_space_to_batch,
        compute=_compute_space_to_batch,
        gradient=_inverse("BATCH_TO_SPACE_ND"),
        quant=QuantRule(same_scale=True),
        version=_batch_version,
    )
)
register(
    OpDef(
        kind="BATCH_TO_SPACE_ND",
        code=37,
        options="BatchToSpaceNDOptions",
        infer=_infer_batch_to_space,
        compute=_compute_batch_to_space,
        gradient=_inverse("SPACE_TO_BATCH_ND"),
        quant=QuantRule(same_scale=True),
        version=_batch_version,
    )
)
