"""Removes ops that pass their input through unchanged, and merges chains of RESHAPE."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ir import Activation, Graph, Op, Tensor
from .edit import Uses, activation, remove_ops, same_quantization

_CHAINS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})


def remove_identity(graph: Graph) -> int:
    """The result keeps the name that the graph's interface uses; an input wired straight to an output stays."""
    count = _merge_reshapes(graph)
    removed: list[Op] = []
    uses = Uses(graph)
    for op in graph.ops:
        test = _IDENTITIES.get(op.kind)
        if test is None or len(op.outputs) != 1 or not test(op):
            continue
        x, y = next(t for t in op.inputs if t is not None and not (t.is_constant and op.kind in _BINARY)), op.outputs[0]
        if x.shape != y.shape or not same_quantization(x, y):
            continue
        if y not in uses.outputs:
            graph.replace(y, x)
        elif x not in uses.outputs and (producer := uses.producer(x)) is not None:
            y.quantization = y.quantization or x.quantization  # a recorded range stays
            producer.outputs = [y if t is x else t for t in producer.outputs]
            graph.replace(x, y)
        else:
            continue
        removed.append(op)
        uses = Uses(graph)
    remove_ops(graph, removed)
    return count + len(removed)


def _merge_reshapes(graph: Graph) -> int:
    """RESHAPE of a RESHAPE reads the first one's input; the first may then be dead."""
    producers, count = graph.producers(), 0
    for op in graph.ops:
        middle = op.inputs[0] if op.kind == "RESHAPE" else None
        before = producers.get(middle) if middle is not None else None
        first = before.inputs[0] if before is not None and before.kind in _CHAINS else None
        if middle is not None and first is not None and same_quantization(middle, first):
            op.inputs[0] = first
            count += 1
    return count


def _data(op: Op, index: int) -> Tensor | None:
    tensor = op.inputs[index] if index < len(op.inputs) else None
    return tensor if tensor is not None and tensor.is_constant else None


def _all_equal(index: int, value: int) -> Callable[[Op], bool]:
    def test(op: Op) -> bool:
        tensor = _data(op, index)
        return tensor is not None and tensor.data is not None and bool(np.all(tensor.data == value))

    return test


def _static(op: Op) -> bool:
    """Equal shapes say nothing where two or more dimensions are unknown."""
    return sum(d is None for d in op.outputs[0].shape) <= 1


def _identity_permutation(op: Op) -> bool:
    tensor = _data(op, 1)
    return tensor is not None and tensor.data is not None and np.array_equal(tensor.data, np.arange(tensor.data.size))


def _neutral(value: float) -> Callable[[Op], bool]:
    def test(op: Op) -> bool:
        constants = [t for t in op.inputs if t is not None and t.is_constant]
        if len(constants) != 1 or not op.outputs[0].dtype.is_float or activation(op) is not Activation.NONE:
            return False
        if op.kind in ("SUB", "DIV") and constants[0] is op.inputs[0]:
            return False
        return bool(np.all(constants[0].data == value))

    return test


_BINARY = {"ADD": _neutral(0.0), "SUB": _neutral(0.0), "MUL": _neutral(1.0), "DIV": _neutral(1.0)}
_IDENTITIES: dict[str, Callable[[Op], bool]] = {
    **_BINARY,
    "RESHAPE": _static,
    "SQUEEZE": _static,
    "BROADCAST_TO": _static,
    "SLICE": _static,
    "TRANSPOSE": _identity_permutation,
    "CAST": lambda op: True,
    "QUANTIZE": lambda op: True,
    "PAD": _all_equal(1, 0),
    "PADV2": _all_equal(1, 0),
    "MIRROR_PAD": _all_equal(1, 0),
    "TILE": _all_equal(1, 1),
    "CONCATENATION": lambda op: len(op.inputs) == 1 and activation(op) is Activation.NONE,
}
