"""Removes ops whose results nobody reads."""

from __future__ import annotations

from ..ir import Graph, Op
from .edit import is_pure, remove_ops


def dead_code(graph: Graph) -> int:
    """Only ops without effects go; graph inputs stay, being the interface."""
    alive = set(graph.outputs)
    dead: list[Op] = []
    for op in reversed(graph.ops):
        if not any(t in alive for t in op.outputs) and is_pure(op):
            dead.append(op)
        else:
            alive.update(t for t in op.inputs if t is not None)
    remove_ops(graph, dead)
    return len(dead)
