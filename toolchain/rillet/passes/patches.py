"""Runs a stretch of layers patch by patch: only a part of each large image between them exists at a time.

A stretch is split into a grid over its result. For every patch of the result the layers run on what that patch depends
on: a slice of the stretch's input with a border around it (which neighbouring patches compute again: the price), padded
only where the image ends. Patches go one after the other into the result, in place. All in ordinary operators, so the
rewritten model runs everywhere, and gives the same bits: each value is computed by the same sums of the same operands.
(The idea: Lin et al., MCUNetV2, 2021.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import OFFLINE_PLAN, Graph, Model, Op, Padding, RilletError, Tensor
from ..ops.builder import GraphBuilder
from ..ops.opdef import opdef
from .edit import with_attrs
from .interface import Interface
from .receptive import Interval, Need, is_patchable, needs


@dataclass(frozen=True)
class Patch:
    """Ops `first` up to `last` (not included) of a graph, in a grid of `rows` x `columns` patches."""

    first: int
    last: int
    rows: int
    columns: int

    @property
    def count(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True)
class Cut:
    """A place in a graph, in front of op `position`, where a single tensor is all that later ops need."""

    position: int
    tensor: Tensor


def cut_points(graph: Graph) -> list[Cut]:
    """All cuts, in order; the first is the graph's input, the last its output, where there is only one."""
    last_use = {t: len(graph.ops) for t in graph.outputs}
    for position in range(len(graph.ops) - 1, -1, -1):
        for tensor in graph.ops[position].inputs:
            if tensor is not None and not tensor.is_constant:
                last_use.setdefault(tensor, position)
    alive, cuts = list(graph.inputs), []
    for position in range(len(graph.ops) + 1):
        alive = [t for t in alive if last_use.get(t, -1) >= position]
        if len(alive) == 1:
            cuts.append(Cut(position, alive[0]))
        if position < len(graph.ops):
            alive += graph.ops[position].outputs
    return cuts


def can_patch(graph: Graph, start: Cut, end: Cut) -> bool:
    """Whether the ops between two cuts can run patch by patch."""
    if end.position <= start.position or not all(_is_image(t) for t in (start.tensor, end.tensor)):
        return False
    return all(is_patchable(op) for op in graph.ops[start.position : end.position])


def _is_image(tensor: Tensor) -> bool:
    return len(tensor.shape) == 4 and not tensor.is_variable and tensor.dtype.bits >= 8


def shares(size: int, count: int) -> list[Interval]:
    """`size` cut into `count` nearly equal intervals."""
    return [Interval(size * i // count, size * (i + 1) // count) for i in range(count)]


def walk(ops: Sequence[Op], end: Tensor, out: Interval, axis: int) -> dict[Tensor, Interval]:
    """Along one axis (1 rows, 2 columns): what of every tensor the part `out` of `end` depends on."""
    needed = {end: out}
    for op in reversed(ops):
        for need in needs(op, axis, needed[op.outputs[0]]):
            old = needed.get(need.tensor)
            needed[need.tensor] = need.part if old is None else old.joined(need.part)
    return needed


def patched(model: Model, patches: Sequence[Patch]) -> Model:
    """`model` with its stretches `patches` (of the main graph, in order) rewritten, in place; returns it.

    Dimensions left open take their start values.

    Raises:
        RilletError: a stretch cannot be split, or not so finely.
    """
    graph, interface = model.main, Interface(model)
    for tensor in graph.tensors():
        tensor.shape = tensor.start_shape
    cuts = {cut.position: cut for cut in cut_points(graph)}
    replaced: list[tuple[Patch, list[Op]]] = []
    for patch in patches:
        start, end = cuts.get(patch.first), cuts.get(patch.last)
        if start is None or end is None or not can_patch(graph, start, end):
            raise RilletError(f"operators {patch.first} to {patch.last} cannot run patch by patch")
        replaced.append((patch, _Splitter(graph, start, end).split(patch)))
    for patch, ops in reversed(replaced):
        graph.ops[patch.first : patch.last] = ops
    interface.restore()
    model.metadata.pop(OFFLINE_PLAN, None)
    return model


class _Splitter:
    """Makes the operators of one stretch in patches."""

    def __init__(self, graph: Graph, start: Cut, end: Cut) -> None:
        self._ops = graph.ops[start.position : end.position]
        self._start, self._end = start.tensor, end.tensor
        self._builder = GraphBuilder(Graph())
        self._numbers: dict[tuple[int, ...], Tensor] = {}

    def split(self, patch: Patch) -> list[Op]:
        end = self._end
        _, height, width, _ = end.static_shape
        if patch.rows > height or patch.columns > width:
            raise RilletError(f"'{end.source or end.name}' has {height} x {width} values, too few for the patches")
        columns = [(out, walk(self._ops, end, out, 2)) for out in shares(width, patch.columns)]
        image = self._like(end, self._builder.op("FILL", [self._ints(end.static_shape), self._zero()]))
        for rows in shares(height, patch.rows):
            tall = walk(self._ops, end, rows, 1)
            for across, wide in columns:
                part = self._run(tall, wide)
                at = self._ints((0, rows.low, across.low, 0))
                image = self._like(end, self._builder.op("DYNAMIC_UPDATE_SLICE", [image, part, at]))
        ops = self._builder.graph.ops
        ops[-1].outputs = [end]
        return ops

    def _run(self, tall: dict[Tensor, Interval], wide: dict[Tensor, Interval]) -> Tensor:
        """One patch: every op on its part."""
        parts: dict[Tensor, tuple[Tensor, Interval, Interval]] = {}
        height, width = self._start.static_shape[1:3]
        parts[self._start] = self._start, Interval(0, height), Interval(0, width)
        if (tall[self._start], wide[self._start]) != parts[self._start][1:]:
            cropped = self._cropped(parts[self._start], tall[self._start], wide[self._start])
            parts[self._start] = cropped, tall[self._start], wide[self._start]
        for op in self._ops:
            y = op.outputs[0]
            down = {need.tensor: need for need in needs(op, 1, tall[y])}
            across = {need.tensor: need for need in needs(op, 2, wide[y])}
            inputs = [
                self._operand(parts[t], down[t], across[t]) if t is not None and t in down else t for t in op.inputs
            ]
            parts[y] = self._apply(op, inputs), tall[y], wide[y]
        return parts[self._end][0]

    def _operand(self, part: tuple[Tensor, Interval, Interval], down: Need, across: Need) -> Tensor:
        x = part[0] if part[1:] == (down.part, across.part) else self._cropped(part, down.part, across.part)
        amounts = (down.before, down.after, across.before, across.after)
        if not any(amounts):
            return x
        pads = self._builder.constant(np.array([0, 0, *amounts, 0, 0], np.int32).reshape(4, 2))
        return self._like(x, self._builder.op("PAD", [x, pads]))

    def _apply(self, op: Op, inputs: list[Tensor | None]) -> Tensor:
        if op.kind == "PAD":  # done where it was needed
            assert inputs[0] is not None
            return inputs[0]
        attrs = with_attrs(op, padding=Padding.VALID) if hasattr(op.attrs, "padding") else op.attrs
        made = Op(op.kind, inputs, [], attrs, source=op.where, version=op.version)
        ((shape, _),) = opdef(op.kind).infer(made)
        name = f"{op.outputs[0].name}/patch{len(self._builder.graph.ops)}"
        made.outputs = [self._like(op.outputs[0], Tensor(name, shape, op.outputs[0].dtype))]
        self._builder.graph.ops.append(made)
        return made.outputs[0]

    def _cropped(self, part: tuple[Tensor, Interval, Interval], rows: Interval, columns: Interval) -> Tensor:
        x, top, left = part
        batch, _, _, channels = x.static_shape
        begin = self._ints((0, rows.low - top.low, columns.low - left.low, 0))
        size = self._ints((batch, rows.size, columns.size, channels))
        return self._like(x, self._builder.op("SLICE", [x, begin, size]))

    def _zero(self) -> Tensor:
        zero = self._builder.constant(np.zeros((), self._end.dtype.numpy))
        zero.quantization = self._end.quantization
        return zero

    def _ints(self, values: Sequence[int]) -> Tensor:
        key = tuple(values)
        if key not in self._numbers:
            self._numbers[key] = self._builder.constant(np.array(key, np.int32))
        return self._numbers[key]

    def _like(self, model: Tensor, tensor: Tensor) -> Tensor:
        tensor.quantization, tensor.source, tensor.dtype = model.quantization, model.source, model.dtype
        return tensor
