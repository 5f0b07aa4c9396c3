"""Removes transposes, so that a channels-first source ends up channels last throughout.

One walk in program order. A TRANSPOSE is not kept but remembered: its output is a *view*, the transpose of a base
tensor. Operators that can work on the base do (the rules in `layout_rules`), and their outputs are views in turn,
until two permutations cancel, or an operator needs the real thing and the transpose is written out there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..ir import Attrs, DType, Graph, Op, Quantization, Tensor, name_apart
from ..ops.opdef import opdef

Perm = tuple[int, ...]
TO_NHWC: Perm = (0, 2, 3, 1)
TO_NCHW: Perm = (0, 3, 1, 2)
_CHANNELS_LAST: dict[int, Perm] = {3: (0, 2, 1), 4: TO_NHWC}
_WINDOWED = frozenset(
    {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "TRANSPOSE_CONV",
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "PAD",
        "PADV2",
    }
)


def eliminate_transposes(graph: Graph, channels_last: dict[Tensor, Perm] | None = None) -> int:
    """Sinks, merges and cancels the TRANSPOSE ops of `graph`; the values of inputs and outputs stay the same.

    Args:
        graph: changed in place; its static shapes must be known around transposes.
        channels_last: if given, inputs and 4-D outputs of convolutions become (N, H, W, C), 1-D ones (N, L, C), where
            that removes a transpose; they are added to it with the permutation from their old axes to the new ones.

    Returns:
        How many transposes are gone.
    """
    before = _transposed_elements(graph.ops)
    if before == (0, 0):
        return 0
    walk = Walk(graph, channels_last is not None)
    walk.run()
    after = _transposed_elements(walk.ops)
    if after[1] > before[1]:
        return 0  # sinking past forks can cost more than it saves
    moved = walk.commit()
    if channels_last is not None:
        channels_last.update(moved)
    return before[0] - after[0]


@dataclass(frozen=True)
class View:
    """A tensor that equals `np.transpose(base, perm)`: its axis i is axis perm[i] of the base."""

    base: Tensor
    perm: Perm


def compose(perm: Perm, then: Sequence[int]) -> Perm:
    """The single permutation of transposing by `perm` and `then`."""
    return tuple(perm[i] for i in then)


def inverse(perm: Perm) -> Perm:
    return tuple(int(i) for i in np.argsort(perm))


def keeps_order(shape: Sequence[int], perm: Perm) -> bool:
    """Whether a view of `shape` holds its base's values in the same order: only axes of one element move."""
    moved = [p for d, p in zip(shape, perm, strict=True) if d != 1]
    return moved == sorted(moved)


class Walk:
    """One walk over a graph: the new ops, and which of the old tensors are views. The graph changes in `commit`."""

    def __init__(self, graph: Graph, channels_last: bool) -> None:
        from .layout_rules import RULES  # which needs Walk

        self.graph = graph
        self._rules = RULES
        self.channels_last = channels_last
        self.ops: list[Op] = []
        self.readers = graph.consumers()
        self.results = set(graph.outputs)
        self._views: dict[Tensor, View] = {}
        self._written: dict[tuple[Tensor, Perm], Tensor] = {}
        self._reshaped: dict[Tensor, Tensor] = {}
        self._inputs: dict[Op, list[Tensor | None]] = {}
        self._real: set[Tensor] = set()
        self._moved_inputs: dict[Tensor, tuple[Tensor, Tensor]] = {}

    def run(self) -> None:
        if self.channels_last:
            self._move_inputs()
        for old in self.graph.ops:
            op = replace(old, inputs=[self._stand_in(t) for t in self._inputs.get(old, old.inputs)])
            rule = self._rules.get(op.kind)
            if not (rule is not None and self._has_static_shapes(op) and rule(self, op)):
                op.inputs = [None if t is None else self.plain(t) for t in op.inputs]
                self.ops.append(op)
        for tensor in self.graph.outputs:
            if not (self.channels_last and self._is_image_view(tensor)):
                self.plain(tensor)

    def view(self, tensor: Tensor) -> View:
        """`tensor` as a view; of itself where it is no other."""
        return self._views.get(tensor) or View(tensor, tuple(range(len(tensor.shape))))

    def is_view(self, tensor: Tensor | None) -> bool:
        return tensor in self._views

    def set_view(self, tensor: Tensor, base: Tensor, perm: Perm) -> None:
        """Declares that `tensor`, which no op makes any more, is the transpose of `base`."""
        self._views[tensor] = View(base, perm)

    def plain(self, tensor: Tensor) -> Tensor:
        """A tensor with the value of `tensor` that an op really makes; writes out the transpose of a view."""
        view = self._views.get(tensor)
        if view is None or tensor in self._real:
            return tensor
        if tensor not in self.results:
            if view.perm == tuple(range(len(view.perm))):
                return view.base
            if (view.base, view.perm) in self._written:
                return self._written[view.base, view.perm]
        self._write(view.base, view.perm, tensor)
        return tensor

    def transposed(self, tensor: Tensor, perm: Perm) -> Tensor:
        """A tensor that equals `np.transpose(tensor, perm)`."""
        view = self.view(tensor)
        perm = compose(view.perm, perm)
        if perm == tuple(range(len(perm))):
            return view.base
        if (view.base, perm) in self._written:
            return self._written[view.base, perm]
        shape = tuple(view.base.static_shape[p] for p in perm)
        made = replace(
            tensor,
            name=f"{tensor.name}/transposed",
            shape=shape,
            data=None,
            quantization=moved_axis(view.base.quantization, perm),
        )
        self._write(view.base, perm, made)
        return made

    def transposing_costs(self, tensor: Tensor, perm: Perm) -> int:
        """Elements that `transposed` would move."""
        view = self.view(tensor)
        perm = compose(view.perm, perm)
        if (view.base, perm) in self._written or keeps_order([view.base.static_shape[p] for p in perm], perm):
            return 0
        return tensor.size

    def reshape(self, x: Tensor, out: Tensor) -> None:
        """Makes `out`, the values of `x` in another shape; directly from what `x` itself was reshaped from."""
        origin = self._reshaped.get(x, x)
        if origin.shape == out.shape and out not in self.results:
            self.set_view(out, origin, tuple(range(len(out.shape))))
            return
        self._reshaped[out] = origin
        shape = out.static_shape
        self.emit("RESHAPE", [origin, int_constant(f"{out.name}/shape", shape)], out, new_shape=shape)

    def reshaped_from(self, tensor: Tensor) -> Tensor | None:
        """The tensor that `tensor` was made from by `reshape`."""
        return self._reshaped.get(tensor)

    def emit(self, kind: str, inputs: list[Tensor | None], out: Tensor, **attrs: object) -> None:
        self.ops.append(Op(kind, inputs, [out], opdef(kind).attrs(**attrs), source=out.source))

    def push(self, op: Op, inputs: list[Tensor | None], perms: Sequence[Perm], attrs: Attrs | None = None) -> bool:
        """Replaces `op` by one on `inputs` whose outputs are the bases of the old outputs under `perms`."""
        outputs = []
        for old, perm in zip(op.outputs, perms, strict=True):
            if perm == tuple(range(len(perm))):
                outputs.append(old)
                continue
            shape = tuple(old.shape[i] for i in inverse(perm))
            new = replace(old, shape=shape, quantization=moved_axis(old.quantization, inverse(perm)))
            self.set_view(old, new, perm)
            outputs.append(new)
        self.ops.append(replace(op, inputs=inputs, outputs=outputs, attrs=attrs or op.attrs))
        return True

    def edit_later(self, op: Op, inputs: list[Tensor | None]) -> None:
        """Gives an op that the walk has yet to reach other inputs."""
        self._inputs[op] = inputs

    def inputs_of(self, op: Op) -> list[Tensor | None]:
        """The inputs of an op that the walk has yet to reach."""
        return self._inputs.get(op, op.inputs)

    def commit(self) -> dict[Tensor, Perm]:
        """Puts the new ops into the graph; returns the inputs and outputs that became channels last."""
        moved: dict[Tensor, Perm] = {}
        for tensor, (_, base) in self._moved_inputs.items():
            tensor.shape, tensor.quantization = base.shape, base.quantization
            self._replace(base, tensor)
            moved[tensor] = _CHANNELS_LAST[len(tensor.shape)]
        if self.channels_last:
            for tensor in self.graph.outputs:
                if self._is_image_view(tensor) and tensor not in moved:
                    self._move_output(tensor)
                    moved[tensor] = TO_NHWC
        self.graph.ops = without_dead_moves(self.ops, self.graph.outputs)
        name_apart(self.graph)  # a view and its base shared theirs until both were really made
        return moved

    def _write(self, base: Tensor, perm: Perm, out: Tensor) -> None:
        shape = out.static_shape
        if keeps_order(shape, perm):
            origin = self._reshaped.get(base, base)
            self.emit("RESHAPE", [origin, int_constant(f"{out.name}/shape", shape)], out, new_shape=shape)
        else:
            self.emit("TRANSPOSE", [base, int_constant(f"{out.name}/perm", perm)], out)
        self._written[base, perm] = out
        self._real.add(out)

    def _move_inputs(self) -> None:
        for tensor in self.graph.inputs:
            perm = _CHANNELS_LAST.get(len(tensor.shape))
            if perm and tensor not in self.results and self._reaches_image_op(tensor, perm):
                # In the walk a channels-last tensor stands for the input, and another is the view that ops read.
                base = replace(
                    tensor,
                    shape=tuple(tensor.shape[i] for i in perm),
                    quantization=moved_axis(tensor.quantization, perm),
                )
                view = replace(tensor)
                self._moved_inputs[tensor] = (view, base)
                self.set_view(view, base, inverse(perm))

    def _reaches_image_op(self, tensor: Tensor, perm: Perm) -> bool:
        """Whether a transpose by `perm` for a sliding window follows, with only ops that have a rule before it."""
        seen, waiting = {tensor}, [tensor]
        while waiting:
            for op in self.readers.get(waiting.pop(), []):
                if op.kind == "TRANSPOSE" and transposed_by(op) == perm:
                    if len(perm) == 4 or self._feeds_window(op.outputs[0]):
                        return True
                elif op.kind in self._rules and op.kind not in ("TRANSPOSE", "RESHAPE"):
                    found = [t for t in op.outputs if len(t.shape) == len(perm) and t not in seen]
                    seen.update(found)
                    waiting += found
        return False

    def _feeds_window(self, tensor: Tensor) -> bool:
        """Whether (N, L, C) goes on as (N, 1, L, C) into a convolution or a pool."""
        widened = [op.outputs[0] for op in self.readers.get(tensor, []) if op.kind == "RESHAPE"]
        return any(op.kind in _WINDOWED for wide in widened for op in self.readers.get(wide, []))

    def _stand_in(self, tensor: Tensor | None) -> Tensor | None:
        if tensor is None or tensor not in self._moved_inputs:
            return tensor
        return self._moved_inputs[tensor][0]

    def _is_image_view(self, tensor: Tensor) -> bool:
        """An output that is NCHW only because a transpose would make it so."""
        view = self._views.get(tensor)
        return (
            view is not None
            and view.perm == TO_NCHW
            and (view.base, view.perm) not in self._written
            and not keeps_order(tensor.static_shape, view.perm)
            and not view.base.is_constant
            and view.base not in self.graph.inputs
            and view.base not in self.results
            and all(view.base is not base for _, base in self._moved_inputs.values())
            and sum(self._views.get(t) == view for t in self.graph.outputs) == 1
        )

    def _move_output(self, tensor: Tensor) -> None:
        """Makes `tensor` itself the channels-last value."""
        base = self._views[tensor].base
        tensor.shape, tensor.quantization = base.shape, base.quantization
        self._replace(base, tensor)

    def _replace(self, old: Tensor, new: Tensor) -> None:
        for op in self.ops:
            op.inputs = [new if t is old else t for t in op.inputs]
            op.outputs = [new if t is old else t for t in op.outputs]

    def _has_static_shapes(self, op: Op) -> bool:
        return all(None not in t.shape and not t.unranked for t in (*op.inputs, *op.outputs) if t is not None)


def transposed_by(op: Op) -> Perm | None:
    """The permutation of a TRANSPOSE; None where it is computed at run time."""
    perm = op.inputs[1]
    return None if perm is None or perm.data is None else tuple(int(p) for p in perm.data.reshape(-1))


def int_constant(name: str, values: Sequence[int]) -> Tensor:
    data = np.array(values, np.int32)
    return Tensor(name, data.shape, DType.INT32, data=data)


def moved_axis(quantization: Quantization | None, perm: Perm) -> Quantization | None:
    """Per-axis parameters of a tensor after transposing it by `perm`."""
    if quantization is None or not quantization.is_per_axis:
        return quantization
    return replace(quantization, axis=perm.index(quantization.axis))


def without_dead_moves(ops: list[Op], outputs: Sequence[Tensor]) -> list[Op]:
    """`ops` without the reshapes and transposes that nobody reads any more."""
    read = set(outputs)
    kept = []
    for op in reversed(ops):
        if op.kind in ("RESHAPE", "TRANSPOSE") and not any(t in read for t in op.outputs):
            continue
        read.update(t for t in op.inputs if t is not None)
        kept.append(op)
    return kept[::-1]


def _transposed_elements(ops: list[Op]) -> tuple[int, int]:
    """How many transposes there are, and how many elements they move (unknown sizes count as one)."""
    found = [op.outputs[0] for op in ops if op.kind == "TRANSPOSE"]
    return len(found), sum(1 if None in t.shape else t.size for t in found)
