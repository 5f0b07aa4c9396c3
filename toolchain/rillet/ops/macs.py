"""Multiply-accumulates of an op, also where the model leaves dimensions open."""

from __future__ import annotations

from dataclasses import replace

from ..ir import Op, RilletError, Tensor
from .opdef import registry


def count_macs(op: Op) -> int | None:
    """Multiply-accumulates of one run in the start shape (`Tensor.start_shape`: mostly 1 for a batch left open).

    None where rillet has no definition of the op, or its operands' ranks do not fit it.
    """
    definition = registry().get(op.kind)
    if definition is None:
        return None
    if any(t is not None and None in t.shape for t in (*op.inputs, *op.outputs)):
        inputs = [None if t is None else _started(t) for t in op.inputs]
        op = replace(op, inputs=inputs, outputs=[_started(t) for t in op.outputs])
    try:
        return definition.macs(op)
    except (RilletError, IndexError):
        return None


def _started(tensor: Tensor) -> Tensor:
    return replace(tensor, shape=tensor.start_shape) if None in tensor.shape else tensor
