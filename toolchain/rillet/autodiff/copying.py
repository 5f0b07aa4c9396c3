"""A copy of a graph whose ops and tensors may be changed; constants' arrays are shared."""

from __future__ import annotations

from dataclasses import replace

from ..ir import Graph, Op, Tensor


def copy_graph(graph: Graph) -> tuple[Graph, dict[Tensor, Tensor]]:
    """The copy, and the copy of each tensor."""
    copies = {t: replace(t, extra=dict(t.extra)) for t in graph.tensors()}
    made = Graph(graph.name, [copies[t] for t in graph.inputs], [copies[t] for t in graph.outputs])
    made.ops = [copy_op(op, copies) for op in graph.ops]
    return made, copies


def copy_op(op: Op, copies: dict[Tensor, Tensor]) -> Op:
    """`op` on the copies of its tensors; tensors without a copy stay."""
    return replace(
        op,
        inputs=[None if t is None else copies.get(t, t) for t in op.inputs],
        outputs=[copies.get(t, t) for t in op.outputs],
        intermediates=[copies.get(t, t) for t in op.intermediates],
        mutates=list(op.mutates),
        attrs=replace(op.attrs),
        extra=dict(op.extra),
    )


def copied(copies: dict[Tensor, Tensor], original: Op | Tensor) -> Tensor:
    """The copy of a tensor, or of an op's first result; what has no copy stays."""
    tensor = original if isinstance(original, Tensor) else original.outputs[0]
    return copies.get(tensor, tensor)
