"""prepare: from a model to a file that trains: signatures infer, train, save and restore around shared variables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
from ..flatbuffer import write_bytes
from ..importers import load
from ..ir import Graph, Model, Op, RilletError, Signature
from ..ops import GradientBuilder
from ..ops.opdef import Array
from ..passes import optimize, uint8_to_int8
from ..runtime import plan_signatures
from .batching import set_batch
from .budget import Choice, LayerChoice, choose
from .channels import split_channels
from .contribution import by_gradients, by_weights
from .data import LabelledArrays, fitted
from .float_head import float_head, quantize_output
from .losses import append_loss
from .selection import Parameter, select
from .signatures import initialize_first, restore_graph, save_graph

OPTIMIZERS = ("sgd", "momentum", "adam")
INPUT, LABELS, LOSS, OUTPUT = "x", "y", "loss", "output"


@dataclass(frozen=True)
class Trained:
    """A parameter that trains: its name in the file, layer, shape, and whether weights, bias or scale.

    `channels` of the layer's `of_channels` train where not all do; else both are 0.
    """

    name: str
    layer: str
    role: str
    shape: tuple[int, ...]
    elements: int
    channels: int = 0
    of_channels: int = 0


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
    ram: int | None = None,
    data: LabelledArrays | None = None,
) -> Trainable:
    """Makes a model trainable where it runs.

    Args:
        source: a model file that `rillet.load` reads, or a Model, which stays as it is.
        train: what trains, or with `ram` may train; see `select`.
        optimizer: one of OPTIMIZERS, or an `autodiff.Optimizer`. learning_rate: None for the optimizer's default.
        loss: one of `LOSSES`.
        batch: samples of a training step.
        clip: the largest norm of all gradients together; None: no limit.
        recompute: forward results to compute again instead of keeping them; see `autodiff.Recompute`.
        ram: bytes that training may take on a microcontroller: what does not fit does not train (see `budget`).
        data: samples x and labels y, by which `ram` chooses the channels that help most; see `contribution`.

    Raises:
        RilletError: the model cannot be trained so; the text says why.
    """
    graph = _checked(source if isinstance(source, Model) else load(source))
    chosen = select(graph, train)
    settings = _Settings(_optimizer(optimizer, learning_rate), loss, batch, clip, recompute)
    everything: Choice = {p.op: LayerChoice() for p in chosen}
    if ram is None:
        return _make(graph, chosen, everything, settings)

    def arena(choice: Choice) -> int:
        content = write_bytes(_make(graph, chosen, choice, settings).model)
        plans = plan_signatures(content, isa="scalar", alignment=16, self_contained=True)
        return max(plan.arena_bytes for plan in plans.values())

    scores = by_weights(chosen)
    if data is not None:
        samples = fitted(*data, write_bytes(_make(graph, chosen, everything, settings).model))
        scores = by_gradients(graph, chosen, loss, samples)
    return _make(graph, chosen, choose(chosen, scores, ram, arena), settings)


@dataclass(frozen=True)
class _Settings:
    optimizer: Optimizer
    loss: str
    batch: int
    clip: float | None
    recompute: Recompute | None


def _make(original: Graph, chosen: Sequence[Parameter], choice: Choice, settings: _Settings) -> Trainable:
    """The trainable model where of the parameters `chosen` those train that `choice` says."""
    graph, parameters, channels = _split(original, chosen, choice)
    stored = graph.outputs[0].dtype
    trained, quantization = float_head(graph, parameters)
    forward, copies = copy_graph(graph)
    constants = [copied(copies, p.tensor) for p in trained]
    set_batch(forward, settings.batch)
    output = forward.outputs[0]
    loss = append_loss(GradientBuilder(forward), output, settings.loss)
    limits: Clip | None = None if settings.clip is None else clip_by_global_norm(settings.clip)
    forward.outputs = [loss.value, output]
    training = training_graph(forward, loss.value, constants, settings.optimizer, limits, settings.recompute)
    training.graph.name = "train"
    infer = _infer_graph(graph, trained)
    if quantization is not None:
        quantize_output(infer, quantization, stored)
    made = _assembled(infer, training.graph, training.variables)
    parameter_bytes = sum(t.nbytes for t in constants)
    total = sum(v.nbytes for v in training.variables.values())
    return Trainable(
        made,
        [
            Trained(
                p.tensor.name, p.op.where, p.role, p.tensor.static_shape, p.tensor.size, *channels.get(p.op, (0, 0))
            )
            for p in trained
        ],
        loss.name,
        parameter_bytes,
        total - parameter_bytes,
    )


def _split(
    original: Graph, chosen: Sequence[Parameter], choice: Choice
) -> tuple[Graph, list[Parameter], dict[Op, tuple[int, int]]]:
    """A copy in which layers that train in part are two; what trains of it; and how many channels of how many."""
    graph, copies = copy_graph(original)
    copied_ops = dict(zip(original.ops, graph.ops, strict=True))
    split: dict[Op, Op] = {}
    channels: dict[Op, tuple[int, int]] = {}
    parameters = []
    for p in chosen:
        if p.op not in choice or (choice[p.op].bias_only and p.role != "bias"):
            continue
        op, tensor, wanted = copied_ops[p.op], copied(copies, p.tensor), choice[p.op].channels
        if wanted is not None:
            index = op.inputs.index(tensor)
            if op not in split:
                split[op] = split_channels(graph, op, wanted)
                channels[split[op]] = (len(wanted), op.outputs[0].static_shape[-1])
            op = split[op]
            part = op.inputs[index]
            assert part is not None
            tensor = part
        parameters.append(Parameter(tensor, op, p.role, p.layer))
    return graph, parameters, channels


def _checked(model: Model) -> Graph:
    """A copy of the main graph, if it can be trained."""
    graph = copy_graph(model.main)[0]
    uint8_to_int8(graph)
    set_batch(graph, 1)
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
