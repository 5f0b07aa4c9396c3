"""The training graph: one step of an optimizer on a loss, as a graph that runs like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from ..ir import DType, Graph, Tensor
from ..ops import GradientBuilder, GradientError
from ..ops.opdef import Array
from ..ops.variables import variable_name
from .clipping import Clip
from .copying import copied, copy_graph
from .gradients import backward
from .optimizers import Optimizer, apply_gradients
from .recomputation import Recompute
from .recomputation import recompute as repeat
from .scheduling import schedule_updates
from .variables import make_variables


@dataclass
class TrainingGraph:
    """A step of training.

    Attributes:
        graph: inputs of the model graph; its outputs, the loss among them. Running it updates the variables.
        loss: the loss in `graph`.
        parameters: handles of what trains, by variable name.
        variables: first values of every variable that was made here, by name: parameters, then the optimizer's.
        copies: the tensors of the model graph -> those of `graph`, for who adds to it.
    """

    graph: Graph
    loss: Tensor
    parameters: dict[str, Tensor]
    variables: dict[str, Array]
    copies: Mapping[Tensor, Tensor]


def training_graph(
    graph: Graph,
    loss: Tensor,
    parameters: Sequence[Tensor],
    optimizer: Optimizer,
    clip: Clip | None = None,
    recompute: Recompute | None = None,
) -> TrainingGraph:
    """The graph of a training step.

    Parameters are updated as soon as their gradient is there and no one needs their old value any more, so that few
    gradients are in memory at once.

    Args:
        graph: computes `loss`; left as it is.
        loss: a float tensor; the sum of its elements is minimized.
        parameters: constants of `graph`, which become variables of their names, or RESOURCE handles in it.
        optimizer: its scalars may be tensors of `graph`, such as an input for the learning rate.
        clip: applied to the gradients (`clip_by_norm(1.0)`).
        recompute: as in `grad`.

    Raises:
        GradientError: the loss does not depend on a parameter, or an op between has no gradient rule.
        RilletError: a parameter is neither a constant nor a handle of the graph.
    """
    result, copies = copy_graph(graph)
    values = {t.name: t.data for t in parameters if t.data is not None}
    made = make_variables(result, [copied(copies, t) for t in parameters if t.dtype is not DType.RESOURCE])
    fresh = iter(made)
    handles = [copied(copies, t) if t.dtype is DType.RESOURCE else next(fresh) for t in parameters]
    b, first = GradientBuilder(result), len(result.ops)
    gradients = backward(b, [copied(copies, loss)], None, handles)
    unmoved = [t.name for t, g in zip(parameters, gradients, strict=True) if g is None]
    if unmoved:
        raise GradientError(f"the loss '{loss.name}' does not depend on {unmoved}")
    flowing = [g for g in gradients if g is not None]
    if recompute is not None:
        repeat(result, first, recompute if isinstance(recompute, str) else [copied(copies, x) for x in recompute])
        b = GradientBuilder(result)
    if copied(copies, loss) not in result.outputs:
        result.outputs.append(copied(copies, loss))
    first_values = apply_gradients(b, _on_copies(optimizer, copies), handles, clip(b, flowing) if clip else flowing)
    schedule_updates(result)
    makers = result.producers()
    named = {variable_name(makers[handle]): handle for handle in handles}
    return TrainingGraph(result, copied(copies, loss), named, {**values, **first_values}, copies)


def _on_copies(optimizer: Optimizer, copies: Mapping[Tensor, Tensor]) -> Optimizer:
    """The optimizer with its tensors those of the copied graph."""
    scalars = {f.name: getattr(optimizer, f.name) for f in fields(optimizer)}
    return replace(
        optimizer, **{name: copies[v] for name, v in scalars.items() if isinstance(v, Tensor) and v in copies}
    )
