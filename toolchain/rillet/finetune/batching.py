"""Another batch size for a graph that was made for one, or for any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir import Graph, Op, RilletError
from ..passes import infer_shapes


def set_batch(graph: Graph, batch: int) -> None:
    """Gives the input `batch` samples, in place, and all that follows the shapes that this gives.

    Raises:
        RilletError: the model does not run on so many samples.
    """
    entry = graph.inputs[0]
    if batch < 1 or not entry.shape:
        raise RilletError(f"a batch of {batch} samples of input {entry!r}: the first dimension counts them, from 1")
    old = entry.shape[0]
    entry.shape, entry.default_shape = (batch, *entry.shape[1:]), None
    for op in graph.ops:
        if op.kind == "RESHAPE" and old not in (None, batch):
            _reshape_to(op, old, batch)
        for tensor in op.outputs:
            if not tensor.unranked:
                tensor.shape, tensor.default_shape = (None,) * len(tensor.shape), None
    try:
        infer_shapes(graph)
    except RilletError as problem:
        raise RilletError(f"the model does not run on batches of {batch}: {problem}") from problem
    output = graph.outputs[0]
    if output.shape[:1] != (batch,) or None in output.shape:
        raise RilletError(f"the model does not run on batches of {batch}: its output is {output!r}")


def _reshape_to(op: Op, old: int | None, batch: int) -> None:
    """The constant shape of a RESHAPE that begins with the old batch size."""
    target = op.inputs[1] if len(op.inputs) > 1 else None
    if target is None or target.data is None or target.size == 0:
        return
    shape = np.array(target.data)
    if shape.reshape(-1)[0] != old:
        return
    shape.reshape(-1)[0] = batch
    op.inputs[1] = replace(target, name=f"{target.name}/batch", data=shape, extra={})
    op.attrs = replace(op.attrs, new_shape=tuple(int(d) for d in shape))  # type: ignore[call-arg]
