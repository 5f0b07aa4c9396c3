"""Removes channels that are constant, or that nobody reads, from the ops that make them.

A constant channel's contribution moves into the bias of the convolutions and fully connected ops that read it.
Where a SAME border mixes it with zeros it is not constant in effect, and stays. Exact: an int8 network gives
the same bytes, because the moved products are the same integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from ..ir import DType, Graph, Op, Quantization, Tensor
from ..ops.macs import count_macs
from .channel_groups import ELEMENTWISE_BINARY, Group, channel_groups
from .channel_ranges import Range, Ranges, channel_ranges, zero_of
from .channel_sums import by_channels, dot, real_weights, stored_weights
from .edit import Array, is_quantized, optional_input, set_input, with_attrs
from .linear import LINEAR, Doubles, has_border, is_plain_linear
from .varying import Flags, varying

_INT32 = 2**31 - 1
_FEW = 16  # output channels looked at first: most inputs are read by one of them


def dead_channels(graph: Graph, least_gain: float = 0.0) -> int:
    """Counts the channels removed, once for each group of tensors that they run through.

    Args:
        least_gain: share of the graph's multiply-accumulates that must be saved, else nothing is removed.
    """
    plain = {op for op in graph.ops if op.kind in LINEAR and is_plain_linear(op)}
    groups = channel_groups(graph, plain)
    if not groups:
        return 0
    quick, unread = varying(graph, plain), cache(_unread)
    macs = cache(lambda op: count_macs(op) or 0)

    def pays(shares: Sequence[tuple[Group, float]]) -> bool:
        return not least_gain or _saving(graph, shares, least_gain, macs)

    if not pays([(group, _rough_share(group, quick, unread)) for group in groups]):
        return 0
    ranges = channel_ranges(graph, plain, quick)
    found = [(group, removable) for group in groups if (removable := _removable(group, ranges, unread)).any()]
    if not found or not pays([(group, _share(removable)) for group, removable in found]):
        return 0
    count = 0
    for group, removable in found:
        if _fold_into_sinks(group, removable, ranges):
            _drop(group, ~removable)
            count += int(removable.sum())
    return count


def _saving(graph: Graph, shares: Sequence[tuple[Group, float]], least_gain: float, macs: Callable[[Op], int]) -> bool:
    """Whether enough multiply-accumulates go with these shares of groups, groups next to each other counted apart."""
    saved = sum(
        share * sum(macs(op) for op in (*group.sources, *group.between, *group.sinks))
        for group, share in shares
        if share
    )
    most, total = saved / least_gain, 0
    for op in graph.ops:  # seldom all of them: what goes from a model that was not pruned is little
        total += macs(op)
        if total > most:
            return False
    return saved > 0


def _rough_share(group: Group, quick: Mapping[Op, Flags], unread: Callable[[Op], Flags]) -> float:
    """About the share of a group's channels that may be constant at a quick look, or that nobody reads: the largest of
    its ops', since a dead channel mostly is so all along. What is constant because of other groups is left out: where
    those channels are few, so are these."""
    made = [op for op in (*group.sources, *group.between) if op.kind in LINEAR]
    still = [1.0 - _share(quick[op]) if op in quick else 1.0 for op in made]
    return max(*still, min(_share(unread(sink)) for sink in group.sinks))


def _share(flags: Flags) -> float:
    return np.count_nonzero(flags) / flags.size


def _removable(group: Group, ranges: Ranges, unread: Callable[[Op], Flags]) -> Flags:
    channels = group.tensors[0].shape[-1]
    assert channels is not None
    removable = np.ones(channels, bool)
    for sink in group.sinks:
        x = sink.inputs[LINEAR[sink.kind].x]
        assert x is not None
        removable &= _constant(x, sink, ranges) | unread(sink) if x in ranges.partly else unread(sink)
        if not removable.any():
            break
    if removable.all():
        removable[0] = False  # a tensor of no channels is nothing that a runtime knows
    return removable


def _constant(x: Tensor, sink: Op, ranges: Ranges) -> Flags:
    """The channels of `x` whose contribution to `sink` is known."""
    given = _range_of(x, ranges)
    return given.is_constant & (given.low == zero_of(x)) if has_border(sink) else given.is_constant


def _range_of(x: Tensor, ranges: Ranges) -> Range:
    found = ranges.of(x)
    assert found is not None
    return found


def _unread(sink: Op) -> Flags:
    """The input channels that have no weight."""
    layout = LINEAR[sink.kind]
    weight = sink.inputs[layout.weight]
    assert weight is not None
    data, zero = stored_weights(weight)
    data, zeros = by_channels(data), zero.astype(data.dtype).reshape(-1, 1, 1)
    unread: Flags = (data[:_FEW] == zeros[:_FEW]).all(axis=(0, 1))
    if unread.any():
        columns = np.flatnonzero(unread)
        unread[columns] = (data[:, :, columns] == zeros).all(axis=(0, 1))
    return unread


def _fold_into_sinks(group: Group, removable: Flags, ranges: Ranges) -> bool:
    """Adds the constants' contributions to the biases; False, with nothing changed, if one leaves int32."""
    biases: list[Doubles] = []
    for sink in group.sinks:
        layout = LINEAR[sink.kind]
        x, weight, bias = sink.inputs[layout.x], sink.inputs[layout.weight], optional_input(sink, layout.bias)
        assert x is not None and weight is not None
        given = _range_of(x, ranges)
        known = np.flatnonzero(removable & given.is_constant)
        weights = np.moveaxis(real_weights(weight, known, layout.in_axis), (layout.out_axis, layout.in_axis), (0, 1))
        per_channel = weights.reshape(*weights.shape[:2], math.prod(weights.shape[2:])).sum(axis=2)
        total = dot(per_channel, given.low[known] - zero_of(x))
        if bias is not None and bias.data is not None:
            total = total + bias.data.astype(np.float64)
        if is_quantized(x) and np.abs(total).max(initial=0) > _INT32:
            return False
        biases.append(total)
    for sink, total in zip(group.sinks, biases, strict=True):
        _set_bias(sink, total)
    return True


def _set_bias(sink: Op, total: Doubles) -> None:
    layout = LINEAR[sink.kind]
    bias = optional_input(sink, layout.bias)
    x, weight = sink.inputs[layout.x], sink.inputs[layout.weight]
    assert x is not None and weight is not None
    if bias is None and not total.any():
        return
    values: Array = np.rint(total).astype(np.int32) if is_quantized(x) else total.astype(np.float32)
    if bias is not None:
        new = Tensor(bias.name, bias.shape, bias.dtype, bias.quantization, values, bias.source)
    else:
        stored = None
        if is_quantized(x) and x.quantization is not None and weight.quantization is not None:
            scale = weight.quantization.scale * x.quantization.scale[0]
            stored = Quantization(scale, np.zeros(scale.size, np.int64), 0)
        dtype = sink.outputs[0].dtype if stored is None else DType.INT32
        new = Tensor(f"{sink.outputs[0].name}/bias", values.shape, dtype, stored, values, sink.source)
    set_input(sink, layout.bias, new)


def _drop(group: Group, kept: Flags) -> None:
    for source in group.sources:
        layout = LINEAR[source.kind]
        for index, axis in ((layout.weight, layout.out_axis), (layout.bias, 0)):
            _slice_constant(source, index, kept, axis)
    for sink in group.sinks:
        _slice_constant(sink, LINEAR[sink.kind].weight, kept, LINEAR[sink.kind].in_axis)
    for op in group.between:
        if op.kind in LINEAR:
            _slice_constant(op, LINEAR[op.kind].weight, kept, LINEAR[op.kind].out_axis)
            _slice_constant(op, LINEAR[op.kind].bias, kept, 0)
        elif op.kind == "RESHAPE":
            _shrink_reshape(op, int(kept.sum()))
        elif op.kind in ELEMENTWISE_BINARY:
            for index, tensor in enumerate(op.inputs):
                if tensor is not None and tensor.shape and tensor.shape[-1] == kept.size:
                    _slice_constant(op, index, kept, len(tensor.shape) - 1)
    for tensor in group.tensors:
        tensor.shape = (*tensor.shape[:-1], int(kept.sum()))
        if tensor.default_shape is not None:
            tensor.default_shape = (*tensor.default_shape[:-1], int(kept.sum()))


def _slice_constant(op: Op, index: int, kept: Flags, axis: int) -> None:
    """Keeps the chosen slices of a constant operand, and of its scales where they run along the same axis."""
    tensor = optional_input(op, index)
    if tensor is None or tensor.data is None:
        return
    data = np.ascontiguousarray(np.compress(kept, tensor.data, axis=axis))
    stored = tensor.quantization
    if stored is not None and stored.scale.size == kept.size and kept.size > 1 and stored.axis == axis:
        stored = Quantization(stored.scale[kept], stored.zero_point[kept], stored.axis)
    op.inputs[index] = Tensor(tensor.name, data.shape, tensor.dtype, stored, data, tensor.source)


def _shrink_reshape(op: Op, channels: int) -> None:
    target = optional_input(op, 1)
    if target is not None and target.data is not None and target.data[-1] != -1:
        data = target.data.copy()
        data[-1] = channels
        op.inputs[1] = Tensor(f"{target.name}/{channels}", target.shape, target.dtype, None, data, target.source)
    new_shape = getattr(op.attrs, "new_shape", None)
    if new_shape is not None and len(new_shape) and new_shape[-1] != -1:
        op.attrs = with_attrs(op, new_shape=type(new_shape)([*new_shape[:-1], channels]))
