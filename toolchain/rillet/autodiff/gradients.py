"""The gradient of a loss: ops appended to a graph, or a new graph that gives it."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Graph, Tensor
from ..ops import GradientBuilder, GradientError, backpropagate
from .copying import copied, copy_graph
from .recomputation import Recompute
from .recomputation import recompute as repeat


def grad(graph: Graph, loss: Tensor, wrt: Sequence[Tensor], recompute: Recompute | None = None) -> Graph:
    """A graph that computes what `graph` does, and the gradients of `loss`.

    Forward ops are shared: nothing is computed twice, and of the forward results only those live on that a gradient
    reads.

    Args:
        graph: left as it is.
        loss: a float tensor of `graph`; the gradient is that of the sum of its elements.
        wrt: tensors of `graph`: inputs, constants, results, or RESOURCE handles for the variables' gradients.
        recompute: forward results to compute again in the backward pass instead of keeping them; see `Recompute`.

    Returns:
        A new graph with the inputs of `graph`, and as outputs those of `graph`, then one gradient for each of `wrt`,
        named `gradient/NAME` (numbered where that is taken), of its shape; zeros where the loss does not depend on it.

    Raises:
        GradientError: `loss` is no float tensor, or a tensor is not in the graph, or an op has no gradient rule.
    """
    result, copies = copy_graph(graph)
    lost = [t.name for t in (loss, *wrt) if t not in copies]
    if lost:
        raise GradientError(f"{lost} are no tensors of graph '{graph.name}'")
    b, first = GradientBuilder(result), len(result.ops)
    for old, gradient in zip(wrt, backward(b, [copies[loss]], None, [copies[t] for t in wrt]), strict=True):
        result.outputs.append(b.result(gradient or b.zeros_like(copies[old]), f"gradient/{old.name}"))
    if recompute is not None:
        repeat(result, first, recompute if isinstance(recompute, str) else [copied(copies, x) for x in recompute])
    return result


def backward(
    b: GradientBuilder, ys: Sequence[Tensor], dys: Sequence[Tensor | None] | None, xs: Sequence[Tensor]
) -> list[Tensor | None]:
    """Appends the ops that compute the gradients of `xs` to `b`'s graph.

    Args:
        ys: float tensors of the graph.
        dys: the gradient of each, of its shape; None for ones everywhere.
        xs: tensors of the graph, as in `grad`.

    Returns:
        The gradient of each of `xs`, None where no `y` depends on it. What the rules made and no gradient reads is
        gone again.

    Raises:
        GradientError: a `y` is no float tensor, or an op between has no gradient rule.
    """
    for y in ys:
        if not y.dtype.is_float:
            raise GradientError(f"the gradient of '{y.name}', a {y.dtype.name.lower()} tensor, is not defined")
    forward = list(b.graph.ops)
    if dys is None:
        dys = [b.scalar(1.0, y) if y.shape == () else b.filled(1.0, y) for y in ys]
    results = backpropagate(b, forward, ys, list(dys), xs)
    _drop_unread(b.graph, len(forward), results)
    return results


def _drop_unread(graph: Graph, first: int, results: Sequence[Tensor | None]) -> None:
    """Removes the ops from number `first` on that `results` do not need."""
    needed = {t for t in results if t is not None}
    kept = []
    for op in reversed(graph.ops[first:]):
        if any(t in needed for t in op.outputs):
            kept.append(op)
            needed.update(t for t in op.inputs if t is not None)
    graph.ops[first:] = reversed(kept)
