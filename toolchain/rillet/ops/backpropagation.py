"""Reverse accumulation over a list of ops: the one place that applies gradient rules and adds up what they give."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Op, RilletError, Tensor
from .gradient import GradientBuilder, Gradients
from .opdef import NotDifferentiable, registry


class GradientError(RilletError):
    """A gradient was asked for that does not exist, or that rillet cannot make."""


def backpropagate(
    b: GradientBuilder, ops: Sequence[Op], ys: Sequence[Tensor], dys: Gradients, xs: Sequence[Tensor]
) -> Gradients:
    """Appends ops that compute the gradients of `xs`, and gives those.

    Only the ops between `xs` and `ys` are visited, and rules may leave results that nobody reads.

    Args:
        b: builder of the graph that holds `ops`.
        ops: in topological order; those that `ys` come from.
        ys: results whose gradients `dys` are known (None: no gradient).
        xs: tensors of any kind, constants and RESOURCE handles (the variable's gradient) included.

    Returns:
        One gradient per tensor of `xs`, None where no `y` depends on it.

    Raises:
        GradientError: an op between has no gradient rule. (Through one without a slope, such as a comparison, no
            gradient flows.)
    """
    totals: dict[Tensor, Tensor] = {}
    for y, dy in zip(ys, dys, strict=True):
        if dy is not None:
            _accumulate(b, totals, y, dy)
    active = _depending(ops, xs)
    source = b.source
    for op in reversed(ops):
        given = [totals.get(t) for t in op.outputs]
        if op not in active or all(g is None for g in given):
            continue
        b.source = op.source
        for tensor, gradient in zip(op.inputs, apply_rule(b, op, given), strict=False):
            if tensor is not None and gradient is not None:
                _accumulate(b, totals, tensor, gradient)
    b.source = source
    return [totals.get(x) for x in xs]


def apply_rule(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    """The gradients of `op`'s inputs from those of its outputs, of which at least one is there.

    Raises:
        GradientError: the operator has no rule, and its gradient is not zero.
    """
    definition = registry().get(op.kind)
    if definition is None:
        raise GradientError(f"no gradient goes through {op.kind} '{op.where}': rillet only keeps this operator")
    rule = definition.gradient
    if isinstance(rule, NotDifferentiable) and rule.is_refused:
        raise GradientError(f"no gradient goes through {op.kind} '{op.where}': {rule.reason}")
    if isinstance(rule, NotDifferentiable):
        return [None] * len(op.inputs)
    if rule is None:
        raise GradientError(f"operator {op.kind} '{op.where}' has no gradient rule")
    return rule(b, op, dys)


def _accumulate(b: GradientBuilder, totals: dict[Tensor, Tensor], tensor: Tensor, gradient: Tensor) -> None:
    known = totals.get(tensor)
    totals[tensor] = gradient if known is None else b.add(known, gradient)


def _depending(ops: Sequence[Op], xs: Sequence[Tensor]) -> set[Op]:
    """The ops whose results depend on `xs`."""
    reached, found = set(xs), set()
    for op in ops:
        if any(t in reached for t in op.inputs if t is not None):
            found.add(op)
            reached.update(op.outputs)
    return found
