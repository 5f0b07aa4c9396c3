"""Softmax and cross-entropy in one, stable for any logits; the second result is the logits' gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Op, RilletError, Tensor
from .gradient import GradientBuilder, Gradients
from .opdef import CUSTOM, Array, OpDef, ShapeError, operand, register
from .rules import Results, broadcast, present


def _infer_dense(op: Op) -> Results:
    logits, labels = operand(op, 0), operand(op, 1)
    if not logits.shape or len(logits.shape) != len(labels.shape) or logits.dtype is not labels.dtype:
        raise ShapeError(f"{op.kind} '{op.where}': logits {logits.shape} do not fit labels {labels.shape}")
    pairs = zip(logits.shape, labels.shape, strict=True)
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ShapeError(f"{op.kind} '{op.where}': logits {logits.shape} do not fit labels {labels.shape}")
    shape = broadcast(op, logits.shape, labels.shape)
    return [(shape[:-1], logits.dtype), (shape, logits.dtype)]


def _infer_sparse(op: Op) -> Results:
    logits, labels = operand(op, 0), operand(op, 1)
    pairs = list(zip(logits.shape[:-1], labels.shape, strict=False))
    fits = len(logits.shape) == len(labels.shape) + 1 and all(None in pair or pair[0] == pair[1] for pair in pairs)
    if not fits or not labels.dtype.is_integer:
        raise ShapeError(f"{op.kind} '{op.where}': logits {logits.shape} do not fit integer labels {labels.shape}")
    rows = tuple(a if b is None else b for a, b in pairs)
    return [(rows, logits.dtype), ((*rows, logits.shape[-1]), logits.dtype)]


def _dense(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    logits, labels = present(arrays)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=-1, keepdims=True)
    weight = labels.sum(axis=-1, keepdims=True)
    loss = (labels * (np.log(total) - shifted)).sum(axis=-1)
    return [loss, e / total * weight - labels]


def _sparse(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    logits, labels = present(arrays)
    classes = np.arange(logits.shape[-1])
    if labels.size and not 0 <= labels.min() <= labels.max() < classes.size:
        raise RilletError(f"{op.kind} '{op.where}': labels {labels.min()} to {labels.max()} of {classes.size} classes")
    return _dense(op, [logits, (labels[..., None] == classes).astype(logits.dtype)])


def _row_sum(b: GradientBuilder, x: Tensor) -> Tensor:
    return b.sum(x, (-1,), keep_dims=True)


def _through_loss(b: GradientBuilder, op: Op, dloss: Tensor) -> Tensor:
    return b.mul(op.outputs[1], b.reshape(dloss, (*dloss.shape, 1)))


def _through_gradient(b: GradientBuilder, op: Op, g: Tensor) -> tuple[Tensor, Tensor]:
    """(gradient of the logits for labels that sum to 1, sum of g * softmax over the row), from the second result's."""
    p = b.op("SOFTMAX", [operand(op, 0)], beta=1.0)
    mean = _row_sum(b, b.mul(p, g))
    return b.mul(p, b.sub(g, mean)), mean


def _sum(b: GradientBuilder, parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else b.add(*parts)


def _dense_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    dloss, g = dys
    logits, labels = operand(op, 0), operand(op, 1)
    of_logits, of_labels = [], []
    if dloss is not None:
        of_logits.append(_through_loss(b, op, dloss))
        rows = b.reshape(dloss, (*dloss.shape, 1))
        of_labels.append(b.neg(b.mul(b.op("LOG_SOFTMAX", [logits]), rows)))
    if g is not None:
        part, mean = _through_gradient(b, op, g)
        of_logits.append(b.mul(part, _row_sum(b, labels)))
        of_labels.append(b.sub(mean, g))
    return [_sum(b, of_logits), _sum(b, of_labels)]


def _sparse_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    dloss, g = dys
    parts = [] if dloss is None else [_through_loss(b, op, dloss)]
    return [_sum(b, parts if g is None else [*parts, _through_gradient(b, op, g)[0]])]


register(
    OpDef(
        kind="rillet.SOFTMAX_CROSS_ENTROPY",
        code=CUSTOM,
        infer=_infer_dense,
        compute=_dense,
        gradient=_dense_gradient,
    )
)
register(
    OpDef(
        kind="rillet.SPARSE_SOFTMAX_CROSS_ENTROPY",
        code=CUSTOM,
        infer=_infer_sparse,
        compute=_sparse,
        gradient=_sparse_gradient,
    )
)
