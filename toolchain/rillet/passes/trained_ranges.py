"""Fake quantization becomes range records (min and max without a scale) on the tensors, where the quantizer looks."""

from __future__ import annotations

import numpy as np

from ..ir import Graph, Model, Op, Quantization, RilletError
from .edit import remove_ops
from .fold_constants import fold_constants
from .interface import Interface

_KINDS = ("FAKE_QUANT", "rillet.FAKE_QUANT")


def record_trained_ranges(model: Model) -> int:
    """Removes FAKE_QUANT operators of activations, before others are fused. Rounded weights are constants afterwards.

    Returns:
        How many ranges were recorded.

    Raises:
        RilletError: a range that is computed from the inputs, or empty: nothing was observed.
    """
    interface = Interface(model)
    count = sum(_record(graph) for graph in model.graphs)
    interface.restore()
    return count


def _record(graph: Graph) -> int:
    if not any(op.kind in _KINDS for op in graph.ops):
        return 0
    fold_constants(graph)
    made = {t for op in graph.ops for t in op.outputs}
    removed = []
    for op in graph.ops:
        x, y = op.inputs[0], op.outputs[0]
        if op.kind not in _KINDS or x is None or (y in graph.outputs and (x not in made or x in graph.outputs)):
            continue
        x.quantization = _range(op)
        if y in graph.outputs:
            x.name, y.name = y.name, x.name
        graph.replace(y, x)
        removed.append(op)
    remove_ops(graph, removed)
    return len(removed)


def _range(op: Op) -> Quantization:
    if op.kind == "FAKE_QUANT":
        ends = [np.array(getattr(op.attrs, name)) for name in ("min", "max")]
    else:
        ends = [np.zeros(0) if t is None or t.data is None else t.data for t in op.inputs[1:3]]
    low, high = (np.asarray(end, np.float32).reshape(-1) for end in ends)
    if low.size != 1 or high.size != 1 or not low[0] < high[0]:
        raise RilletError(f"{op.kind} '{op.where}' has no range yet: train the model, so that it is observed")
    return Quantization(min=low, max=high)
