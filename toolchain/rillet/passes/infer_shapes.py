"""Fills in dimensions that became known: an input got its shape, or a shape operand folded to a constant."""

from __future__ import annotations

from ..ir import Graph, Shape
from ..ops.opdef import ShapeError, registry


def infer_shapes(graph: Graph) -> int:
    """Counts the tensors whose shape became more definite. Known dimensions are never changed."""
    count = 0
    for op in graph.ops:
        definition = registry().get(op.kind)
        if definition is None or all(_is_known(t.shape) and not t.unranked for t in op.outputs):
            continue
        try:
            inferred = definition.infer(op)
        except ShapeError:
            continue  # an operand that decides the rank is not constant: nothing to learn
        for tensor, (shape, _) in zip(op.outputs, inferred, strict=True):
            merged = shape if tensor.unranked else _merge(tensor.shape, shape)
            if merged != tensor.shape or tensor.unranked:
                tensor.shape, tensor.unranked = merged, False
                count += 1
    return count


def _is_known(shape: Shape) -> bool:
    return all(d is not None for d in shape)


def _merge(old: Shape, new: Shape) -> Shape:
    if len(old) != len(new):
        return old
    return tuple(n if o is None else o for o, n in zip(old, new, strict=True))
