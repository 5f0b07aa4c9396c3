"""The order of the passes, and the loop that runs them until nothing changes."""

from __future__ import annotations

from collections.abc import Callable

from ..ir import OFFLINE_PLAN, Graph, Model
from .common_subexpressions import common_subexpressions
from .dead_channels import dead_channels
from .dead_code import dead_code
from .fold_affine import fold_affine
from .fold_affine_next import fold_affine_next
from .fold_constants import fold_constants
from .fuse_activation import fuse_activation
from .fuse_pad import fuse_pad
from .infer_shapes import infer_shapes
from .interface import Interface
from .layout import eliminate_transposes
from .remove_identity import remove_identity

Pass = Callable[[Graph], int]

PASSES: tuple[Pass, ...] = (
    infer_shapes,
    fold_constants,
    remove_identity,
    eliminate_transposes,
    fuse_pad,
    fold_affine,
    fuse_activation,
    fold_affine_next,
    common_subexpressions,
    dead_channels,
    dead_code,
)
_MOST_ROUNDS = 20
_LEAST_GAIN = 0.03


def worthwhile_dead_channels(graph: Graph) -> int:
    """`dead_channels` where that saves more than the time it takes to write a new file is worth; once for a graph."""
    return dead_channels(graph, _LEAST_GAIN)


WORTHWHILE_PASSES: tuple[Pass, ...] = tuple(worthwhile_dead_channels if p is dead_channels else p for p in PASSES)
"""For a model that is loaded to be run, not converted to be kept."""
_ONCE = frozenset({worthwhile_dead_channels})  # what a second round would find is less than looking for it costs


def optimize(
    model: Model, *, passes: tuple[Pass, ...] = PASSES, after_each: Callable[[Pass, Graph], None] | None = None
) -> dict[str, int]:
    """Rewrites every graph of `model` in place until no pass finds anything (at most 20 rounds).

    Args:
        passes: run in this order.
        after_each: called after every pass that changed a graph (tests verify there).

    Returns:
        Rewrites made, by the pass's name, in pipeline order.
    """
    counts = {each.__name__: 0 for each in passes}
    interface = Interface(model)
    for graph in model.graphs:
        for turn in range(_MOST_ROUNDS):
            changes = 0
            for each in passes:
                if turn and each in _ONCE:
                    continue
                made = each(graph)
                changes += made
                counts[each.__name__] += made
                if made and after_each is not None:
                    after_each(each, graph)
            if not changes:
                break
    interface.restore()
    if any(counts.values()):
        model.metadata.pop(OFFLINE_PLAN, None)
    return counts
