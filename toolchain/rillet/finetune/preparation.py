"""prepare: from a model to a file that trains: signatures infer, train, save and restore around shared variables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..autodiff import (
    SGD,
    Adam,
    Clip,
    Optimizer,
    Recompute,
    clip_by_global_norm,
    initializer,
    make_variables,
    training_graph,
)
from ..autodiff.copying import copied, copy_graph
from ..importers import load
from ..ir import Graph, Model, RilletError, Signature
from ..ops import GradientBuilder
from ..ops.opdef import Array
from ..passes import infer_shapes, optimize
from .losses import append_loss
from .selection import Parameter, select
from .signatures import initialize_first, restore_graph, save_graph

OPTIMIZERS = ("sgd", "momentum", "adam")
INPUT, LABELS, LOSS, OUTPUT = "x", "y", "loss", "output"


@dataclass(frozen=True)
class Trained:
    """A parameter that trains: its name in the file, shape, layer, and whether weights or bias."""

    name: str
    layer: str
    role: str
    shape: tuple[int, ...]
    elements: int


@dataclass(frozen=True)
class Trainable:
    """A prepared model.

    Attributes:
        model: with signatures `infer` (x -> output), `train` (x, y -> loss, output before the step), `save`
            (-> the variables by name) and `restore` (the variables by name ->).
        trained: what trains. loss: the loss's name.
        parameter_bytes: of what trains; optimizer_bytes: of the optimizer's own variables.
    """

    model: Model
    trained: list[Trained]
    loss: str
    parameter_bytes: int
    optimizer_bytes: int
    notes: list[str] = field(default_factory=list)


def prepare(
    source: str | os.PathLike[str] | bytes | Model,
    train: str | Sequence[str] = "last:1",
    *,
    optimizer: str | Optimizer = "sgd",
    learning_rate: float | None = None,
    loss: str = "auto",
    batch: int = 1,
    clip: float | None = None,
    recompute: Recompute | None = None,
) -> Trainable:
    """Makes a model trainable where it runs.

    Args:
        source: a model file that `rillet.load` reads, or a Model, which stays as it is.
        train: what trains; see `select`.
        optimizer: one of OPTIMIZERS, or an `autodiff.Optimizer`. learning_rate: None for the optimizer's default.
        loss: one of `LOSSES`.
        batch: samples of a training step.
        clip: the largest norm of all gradients together; None: no limit.
        recompute: forward results to compute again instead of keeping them; see `autodiff.Recompute`.

    Raises:
        RilletError: the model cannot be trained so; the text says why.
    """
    model = source if isinstance(source, Model) else load(source)
    graph = _checked(model)
    chosen = select(graph, train)
    step = _optimizer(optimizer, learning_rate)
    forward, copies = copy_graph(graph)
    trained = [copied(copies, p.tensor) for p in chosen]
    _set_batch(forward, batch)
    output = forward.outputs[0]
    b = GradientBuilder(forward)
    appended = append_loss(b, output, loss)
    limits: Clip | None = None if clip is None else clip_by_global_norm(clip)
    forward.outputs = [appended.value, output]
    training = training_graph(forward, appended.value, trained, step, limits, recompute)
    training.graph.name = "train"
    infer = _infer_graph(graph, chosen)
    made = _assembled(infer, training.graph, training.variables)
    parameter_bytes = sum(t.nbytes for t in trained)
    total = sum(v.nbytes for v in training.variables.values())
    listed = [Trained(p.tensor.name, p.op.where, p.role, p.tensor.static_shape, p.tensor.size) for p in chosen]
    return Trainable(made, listed, appended.name, parameter_bytes, total - parameter_bytes)


def _checked(model: Model) -> Graph:
    """A copy of the main graph, if it can be trained."""
    graph = copy_graph(model.main)[0]
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise RilletError(
            f"the model has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs: fine-tuning takes one of each"
        )
    kept = [t.name for t in graph.tensors() if t.is_variable]
    if kept or any(op.kind == "VAR_HANDLE" for op in graph.ops):
        raise RilletError(
            f"the model keeps states between runs ({', '.join(kept) or 'variables'}): it cannot be fine-tuned"
        )
    return graph


def _set_batch(graph: Graph, batch: int) -> None:
    entry = graph.inputs[0]
    if batch < 1:
        raise RilletError(f"a batch of {batch} samples: give 1 or more")
    first = entry.shape[0] if entry.shape else None
    if first == batch:
        return
    entry.shape = (batch, *entry.shape[1:])
    entry.default_shape = None
    try:
        infer_shapes(graph)
    except RilletError as problem:
        raise RilletError(f"the model does not run on batches of {batch}: {problem}") from problem
    if graph.outputs[0].shape[:1] != (batch,):
        raise RilletError(f"the model does not run on batches of {batch}: its output stays {graph.outputs[0].shape}")


def _optimizer(name: str | Optimizer, learning_rate: float | None) -> Optimizer:
    if isinstance(name, Optimizer):
        return name
    if name not in OPTIMIZERS:
        raise RilletError(f"no optimizer '{name}'; there are {', '.join(OPTIMIZERS)}")
    if learning_rate is not None and not 0 < learning_rate < float("inf"):
        raise RilletError(f"a learning rate of {learning_rate}: give a number above 0")
    made: Optimizer = Adam() if name == "adam" else SGD(momentum=0.9 if name == "momentum" else 0.0)
    return made if learning_rate is None else replace(made, learning_rate=learning_rate)


def _infer_graph(graph: Graph, chosen: Sequence[Parameter]) -> Graph:
    infer, copies = copy_graph(graph)
    infer.name = "infer"
    make_variables(infer, [copied(copies, p.tensor) for p in chosen])
    return infer


def _assembled(infer: Graph, train: Graph, variables: Mapping[str, Array]) -> Model:
    save, restore = save_graph(variables), restore_graph(variables)
    graphs = [infer, train, save, restore]
    for graph in graphs:
        initialize_first(graph, len(graphs))
    model = Model([*graphs, initializer(variables)], description="trainable, made by rillet")
    optimize(model)
    model.signatures = [
        Signature("infer", {INPUT: infer.inputs[0]}, {OUTPUT: infer.outputs[0]}, 0),
        Signature(
            "train",
            {INPUT: train.inputs[0], LABELS: train.inputs[1]},
            {LOSS: train.outputs[0], OUTPUT: train.outputs[1]},
            1,
        ),
        Signature("save", {}, dict(zip(variables, save.outputs, strict=True)), 2),
        Signature("restore", dict(zip(variables, restore.inputs, strict=True)), {}, 3),
    ]
    return model
