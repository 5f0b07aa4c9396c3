"""How each operator works on the base of a transposed input: the rules of the layout pass.

A rule is called with the walk and an op, does its work with `Walk.push` and returns True, or returns False to have
the transposes written out before the op.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..ir import Op, Quantization, Tensor
from ..ops import registry
from .layout import Perm, Walk, compose, inverse, keeps_order, moved_axis, transposed_by

Rule = Callable[[Walk, Op], bool]

_ELEMENTWISE = frozenset(kind for kind, known in registry().items() if known.is_elementwise)


def _transpose(walk: Walk, op: Op) -> bool:
    x, perm = op.inputs[0], transposed_by(op)
    if x is None or perm is None or x.is_constant:
        return False
    view = walk.view(x)
    walk.set_view(op.outputs[0], view.base, compose(view.perm, perm))
    return True


def _elementwise(walk: Walk, op: Op) -> bool:
    out = op.outputs[0]
    if _before_narrowing(walk, op, out):
        return True
    perm = _best_perm(walk, op, len(out.shape))
    if perm is None:
        return False
    return walk.push(op, [None if t is None else _aligned(walk, t, perm) for t in op.inputs], [perm])


def _before_narrowing(walk: Walk, op: Op, out: Tensor) -> bool:
    """After a 1-D convolution, (N, 1, L, C) to (N, L, C): elementwise work goes before the reshape, next to the layer
    that may fuse it. Its constants must be scalars or one value per channel."""
    values = [t for t in op.inputs if t is not None and not t.is_constant]
    if len(values) != 1 or len(out.shape) != 3 or values[0].shape != out.shape:
        return False
    view = walk.view(values[0])
    wide = walk.reshaped_from(view.base)
    if wide is None or wide.static_shape != (view.base.static_shape[0], 1, *view.base.static_shape[1:]):
        return False
    inputs = [wide if t is values[0] else None if t is None else _aligned(walk, t, view.perm) for t in op.inputs]
    if any(t is not None and t.is_constant and len(t.shape) > 1 and t.size > 1 for t in inputs):
        return False
    made, narrow = replace(out, shape=wide.shape), replace(out, shape=view.base.shape)
    walk.ops.append(replace(op, inputs=inputs, outputs=[made]))
    walk.reshape(made, narrow)
    walk.set_view(out, narrow, view.perm)
    return True


def _best_perm(walk: Walk, op: Op, rank: int) -> Perm | None:
    """The permutation under which the least must be transposed; None where that is not to push at all."""
    tensors = [t for t in op.inputs if t is not None and not t.is_constant]
    perms = {walk.view(t).perm for t in tensors if walk.is_view(t) and len(t.shape) == rank}
    perms = {p for p in perms if p != tuple(range(rank))}
    if not perms:
        return None
    costs = {p: sum(_alignment_costs(walk, t, p) for t in tensors) for p in sorted(perms)}
    best = min(costs, key=lambda p: costs[p])
    stay = sum(walk.transposing_costs(t, tuple(range(len(t.shape)))) for t in tensors)
    return best if costs[best] <= stay else None


def _alignment_costs(walk: Walk, tensor: Tensor, perm: Perm) -> int:
    if len(tensor.shape) == len(perm):
        return walk.transposing_costs(tensor, inverse(perm))
    full = _full_shape(tensor, len(perm))
    return 0 if keeps_order([full[i] for i in inverse(perm)], inverse(perm)) else tensor.size


def _full_shape(tensor: Tensor, rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(tensor.shape)) + tensor.static_shape


def _aligned(walk: Walk, tensor: Tensor, perm: Perm) -> Tensor:
    """`tensor`, which broadcasts against a view by `perm`, as it broadcasts against the view's base."""
    if tensor.size == 1 and not walk.is_view(tensor):
        return tensor
    back, full = inverse(perm), _full_shape(tensor, len(perm))
    if tensor.data is not None:
        return _constant_like(tensor, np.transpose(tensor.data.reshape(full), back), back, len(full))
    if len(tensor.shape) == len(perm):
        return walk.transposed(tensor, back)
    widened = replace(tensor, name=f"{tensor.name}/widened", shape=full)
    walk.reshape(walk.plain(tensor), widened)
    return walk.transposed(widened, back)


def _constant_like(tensor: Tensor, data: NDArray[np.generic], back: Perm, rank: int) -> Tensor:
    """`tensor` with transposed `data`; leading axes of one element go, so that a vector over channels is one."""
    if tensor.quantization is not None and tensor.quantization.is_per_axis:
        widened = replace(tensor.quantization, axis=tensor.quantization.axis + rank - len(tensor.shape))
        return _with_data(tensor, data, moved_axis(widened, back))
    while data.ndim > 1 and data.shape[0] == 1:
        data = data[0]
    return _with_data(tensor, data, tensor.quantization)


def _with_data(tensor: Tensor, data: NDArray[np.generic], quantization: Quantization | None) -> Tensor:
    return replace(tensor, data=np.ascontiguousarray(data), shape=data.shape, quantization=quantization)


def _concatenation(walk: Walk, op: Op) -> bool:
    perm = _best_perm(walk, op, len(op.outputs[0].shape))
    if perm is None:
        return False
    back = inverse(perm)
    inputs: list[Tensor | None] = []
    for tensor in op.inputs:
        assert tensor is not None
        if tensor.data is not None:
            inputs.append(_with_data(tensor, np.transpose(tensor.data, back), moved_axis(tensor.quantization, back)))
        else:
            inputs.append(walk.transposed(tensor, back))
    axis = op.attrs.axis % len(perm)  # type: ignore[attr-defined]
    return walk.push(op, inputs, [perm], replace(op.attrs, axis=perm[axis]))  # type: ignore[call-arg]


def _on_base(walk: Walk, op: Op, index: int) -> tuple[Tensor, Perm] | None:
    """The base and permutation of input `index` if it is a view that really transposes, else None."""
    x = op.inputs[index]
    if x is None or not walk.is_view(x):
        return None
    view = walk.view(x)
    return None if view.perm == tuple(range(len(view.perm))) else (view.base, view.perm)


def _constants(op: Op, *indices: int) -> list[NDArray[np.generic]] | None:
    arrays = [op.inputs[i] for i in indices]
    return (
        [t.data for t in arrays if t is not None and t.data is not None]
        if all(t is not None and t.data is not None for t in arrays)
        else None
    )


def _per_axis(*parameters: int) -> Rule:
    """An op whose inputs `parameters` hold one entry (or row) per axis of input 0."""

    def rule(walk: Walk, op: Op) -> bool:
        found, given = _on_base(walk, op, 0), _constants(op, *parameters)
        masks = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "offset")
        if found is None or given is None or any(getattr(op.attrs, m, 0) for m in masks):
            return False
        base, perm = found
        if any(len(array) != len(perm) for array in given):
            return False
        inputs = [base, *op.inputs[1:]]
        for index, array in zip(parameters, given, strict=True):
            old = op.inputs[index]
            assert old is not None
            inputs[index] = replace(old, data=np.ascontiguousarray(array[list(inverse(perm))]))
        return walk.push(op, inputs, [perm])

    return rule


def _reduction(walk: Walk, op: Op) -> bool:
    found, given = _on_base(walk, op, 0), _constants(op, 1)
    if found is None or given is None:
        return False
    base, perm = found
    axes = [int(a) % len(perm) for a in given[0].reshape(-1)]
    inputs: list[Tensor | None] = [base, _axes_like(op.inputs[1], [perm[a] for a in axes])]
    kept = getattr(op.attrs, "keep_dims", False)
    return walk.push(op, inputs, [perm if kept else _without(perm, axes)])


def _axes_like(old: Tensor | None, axes: Sequence[int]) -> Tensor:
    assert old is not None and old.data is not None
    return replace(old, data=np.array(axes, old.data.dtype).reshape(old.data.shape))


def _without(perm: Perm, axes: Sequence[int]) -> Perm:
    """`perm` once `axes` of the view are gone."""
    left = [p for i, p in enumerate(perm) if i not in axes]
    return tuple(sorted(left).index(p) for p in left)


def _split(x_index: int, axis_index: int) -> Rule:
    def rule(walk: Walk, op: Op) -> bool:
        found, given = _on_base(walk, op, x_index), _constants(op, axis_index)
        if found is None or given is None:
            return False
        base, perm = found
        inputs = list(op.inputs)
        inputs[x_index] = base
        inputs[axis_index] = _axes_like(op.inputs[axis_index], [perm[int(given[0].reshape(-1)[0]) % len(perm)]])
        return walk.push(op, inputs, [perm] * len(op.outputs))

    return rule


def _gather(walk: Walk, op: Op) -> bool:
    found, indices = _on_base(walk, op, 0), op.inputs[1]
    batch = op.attrs.batch_dims  # type: ignore[attr-defined]
    if found is None or indices is None or batch or len(indices.shape) > 1:
        return False
    base, perm = found
    axis = op.attrs.axis % len(perm)  # type: ignore[attr-defined]
    left = perm if len(indices.shape) == 1 else _without(perm, [axis])
    attrs = replace(op.attrs, axis=perm[axis])  # type: ignore[call-arg]
    return walk.push(op, [base, walk.plain(indices)], [left], attrs)


def _last_axis(walk: Walk, op: Op) -> bool:
    """An op along the last axis, which the permutation must leave in place."""
    found = _on_base(walk, op, 0)
    if found is None or found[1][-1] != len(found[1]) - 1 or not getattr(op.attrs, "keep_num_dims", True):
        return False
    rest = [None if t is None else walk.plain(t) for t in op.inputs[1:]]
    return walk.push(op, [found[0], *rest], [found[1]])


def _reshape(walk: Walk, op: Op) -> bool:
    x, out = op.inputs[0], op.outputs[0]
    if x is None or x.is_constant:
        return False
    view = walk.view(x)
    if keeps_order(x.static_shape, view.perm):
        walk.reshape(view.base, out)
        return True
    if _flatten(walk, x, out):
        return True
    groups = _groups(x.static_shape, out.static_shape)
    if groups is None:
        return False
    # Groups of axes keep the order they have in the base; only a group that is torn there is put in order first.
    places = [min((view.perm[i] for i in before if x.shape[i] != 1), default=len(view.perm)) for before, _ in groups]
    order = sorted(range(len(groups)), key=lambda g: (places[g], g))
    gathered = tuple(axis for g in order for axis in groups[g][0])
    split = tuple(axis for g in order for axis in groups[g][1])
    new = replace(out, shape=tuple(out.static_shape[a] for a in split))
    walk.reshape(_in_order(walk, x, gathered), new)
    base = walk.view(new)
    walk.set_view(out, base.base, compose(base.perm, inverse(split)))
    return True


def _in_order(walk: Walk, x: Tensor, perm: Perm) -> Tensor:
    """A tensor that holds the values of `np.transpose(x, perm)` in that order, in some shape."""
    view = walk.view(x)
    shape = [x.static_shape[p] for p in perm]
    return view.base if keeps_order(shape, compose(view.perm, perm)) else walk.transposed(x, perm)


def _groups(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[list[int], list[int]]] | None:
    """Runs of axes of `old` and `new` with equal products, in order; axes of one element join the run before."""
    if 0 in old:
        return None
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        before, after = [], []
        left = right = 1
        if i < len(old):
            before, left, i = [i], old[i], i + 1
        if j < len(new):
            after, right, j = [j], new[j], j + 1
        while left != right:
            if left < right:
                before, left, i = [*before, i], left * old[i], i + 1
            else:
                after, right, j = [*after, j], right * new[j], j + 1
        groups.append((before, after))
    return groups


def _flatten(walk: Walk, x: Tensor, out: Tensor) -> bool:
    """(N, ...) to (N, features) before fully connected layers: permute the columns of their weights instead."""
    view = walk.view(x)
    old, new = x.static_shape, out.static_shape
    if len(new) != 2 or view.perm[0] != 0 or old[0] != new[0]:
        return False
    base = view.base.static_shape
    index = np.arange(new[1]).reshape(base[1:]).transpose([p - 1 for p in view.perm[1:]]).reshape(-1)
    edits = _absorbed(walk, out, np.argsort(index))
    if edits is None:
        return False
    for op, inputs in edits.items():
        walk.edit_later(op, inputs)
    walk.reshape(view.base, out)
    return True


def _absorbed(walk: Walk, tensor: Tensor, order: NDArray[np.intp]) -> dict[Op, list[Tensor | None]] | None:
    """New inputs for the readers of `tensor` once its last axis holds old element order[j] at j; None if one cannot."""
    if tensor in walk.results:
        return None
    edits: dict[Op, list[Tensor | None]] = {}
    for op in walk.readers.get(tensor, []):
        inputs = list(walk.inputs_of(op))
        if op.kind == "FULLY_CONNECTED" and inputs[0] is tensor and inputs[1] is not None and tensor not in inputs[1:]:
            weights = inputs[1]
            blocked = weights.quantization is not None and weights.quantization.blockwise is not None
            if weights.data is None or weights.sparsity is not None or blocked or weights.shape[1] != order.size:
                return None
            inputs[1] = replace(weights, data=np.take(weights.data, order, axis=1))
            edits[op] = inputs
        elif op.kind in _ELEMENTWISE and len(op.outputs) == 1 and op.outputs[0].shape == tensor.shape:
            changed = [_reordered(t, tensor, order) for t in inputs]
            later = _absorbed(walk, op.outputs[0], order)
            if later is None or any(t is None for t in changed):
                return None
            edits |= {op: changed, **later}
        else:
            return None
    return edits


def _reordered(operand: Tensor | None, flat: Tensor, order: NDArray[np.intp]) -> Tensor | None:
    """A constant operand with its last axis in the new order; None for one that cannot follow."""
    if operand is flat:
        return operand
    if operand is None or operand.data is None or (operand.quantization and operand.quantization.is_per_axis):
        return None
    if not operand.shape or operand.shape[-1] == 1:
        return operand
    return replace(operand, data=np.take(operand.data, order, axis=-1))


RULES: dict[str, Rule] = {
    "TRANSPOSE": _transpose,
    "RESHAPE": _reshape,
    "CONCATENATION": _concatenation,
    "GATHER": _gather,
    "PAD": _per_axis(1),
    "PADV2": _per_axis(1),
    "MIRROR_PAD": _per_axis(1),
    "SLICE": _per_axis(1, 2),
    "STRIDED_SLICE": _per_axis(1, 2, 3),
    "TILE": _per_axis(1),
    "SPLIT": _split(1, 0),
    "SPLIT_V": _split(0, 2),
    "SOFTMAX": _last_axis,
    "LOG_SOFTMAX": _last_axis,
    "FULLY_CONNECTED": _last_axis,
    **dict.fromkeys(
        ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL", "ARG_MAX", "ARG_MIN"),
        _reduction,
    ),
    **dict.fromkeys(sorted(_ELEMENTWISE), _elementwise),
}
