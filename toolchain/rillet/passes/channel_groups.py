"""Which tensors must keep their channels (last axis) aligned: a channel goes from all of a group, or from none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ..ir import Graph, Op, Tensor
from .edit import Uses, optional_input
from .linear import LINEAR

_UNARY = frozenset(
    {
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RELU_0_TO_1",
        "LOGISTIC",
        "TANH",
        "HARD_SWISH",
        "LEAKY_RELU",
        "ELU",
        "GELU",
        "ABS",
        "NEG",
        "EXP",
        "SQRT",
        "RSQRT",
        "SQUARE",
        "QUANTIZE",
        "DEQUANTIZE",
        "CAST",
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "L2_POOL_2D",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
    }
)
ELEMENTWISE_BINARY = frozenset({"ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"})
_RESHAPES = frozenset({"RESHAPE", "SQUEEZE"})
_REDUCTIONS = frozenset({"MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"})
_PADS = frozenset({"PAD", "PADV2", "MIRROR_PAD"})


@dataclass
class Group:
    """Tensors with aligned channels, the ops that make and read them.

    Attributes:
        sources: linear ops whose output channels are the group's.
        sinks: linear ops whose input channels are the group's.
        between: ops that work channel by channel, depthwise convolutions among them.
        frozen: some op or the interface needs every channel in place.
    """

    tensors: list[Tensor] = field(default_factory=list)
    sources: list[Op] = field(default_factory=list)
    sinks: list[Op] = field(default_factory=list)
    between: list[Op] = field(default_factory=list)
    frozen: bool = False


def channel_groups(graph: Graph, plain: Collection[Op]) -> list[Group]:
    """The groups that are made by linear ops and read by linear ops only, with everything between.

    Args:
        plain: the linear ops that `is_plain_linear` names.
    """
    parent: dict[Tensor, Tensor] = {}

    def find(tensor: Tensor) -> Tensor:
        parent.setdefault(tensor, tensor)
        while parent[tensor] is not tensor:
            parent[tensor] = parent[parent[tensor]]
            tensor = parent[tensor]
        return tensor

    linked = {id(op): channelwise_operands(op, plain) for op in graph.ops}
    for op in graph.ops:
        for tensor in linked[id(op)] or []:
            parent[find(tensor)] = find(op.outputs[0])
    groups: dict[Tensor, Group] = {}

    def group(tensor: Tensor) -> Group:
        found = groups.setdefault(find(tensor), Group())
        if tensor not in found.tensors:
            found.tensors.append(tensor)
        return found

    for tensor in (*graph.inputs, *graph.outputs):
        group(tensor).frozen = True
    for op in graph.ops:
        if linked[id(op)] is not None:
            group(op.outputs[0]).between.append(op)
            for tensor in linked[id(op)] or []:
                group(tensor)
        elif op.kind in LINEAR and op.kind not in ("TRANSPOSE_CONV", "DEPTHWISE_CONV_2D") and is_editable(op, plain):
            group(op.outputs[0]).sources.append(op)
            x = op.inputs[LINEAR[op.kind].x]
            assert x is not None
            group(x).sinks.append(op)
        else:
            for operand in (*op.inputs, *op.outputs):
                if operand is not None and not operand.is_constant:
                    group(operand).frozen = True
    uses = Uses(graph)
    return [g for g in groups.values() if not g.frozen and g.sources and g.sinks and _is_closed(g, uses)]


def is_editable(op: Op, plain: Collection[Op]) -> bool:
    """A linear op whose weights and bias are constants that this pass knows how to slice."""
    layout = LINEAR[op.kind]
    bias = optional_input(op, layout.bias)
    weight = op.inputs[layout.weight]
    return op in plain and weight is not None and weight.is_constant and (bias is None or bias.is_constant)


def channelwise_operands(op: Op, plain: Collection[Op]) -> list[Tensor] | None:
    """The operands whose channels line up with the output's, None for an op that mixes or moves channels."""
    x, y = op.inputs[0] if op.inputs else None, op.outputs[0] if len(op.outputs) == 1 else None
    if x is None or y is None or x.is_constant or not x.shape or not y.shape:
        return None
    channels = y.shape[-1]
    if channels is None or (x.shape[-1] != channels and op.kind not in ELEMENTWISE_BINARY):
        return None
    if any(t is not None and t.quantization is not None and t.quantization.is_per_axis for t in (x, y)):
        return None
    if op.kind == "DEPTHWISE_CONV_2D":
        return [x] if is_editable(op, plain) else None
    if op.kind in _UNARY:
        return [x]
    if op.kind in _RESHAPES:
        return [x] if op.kind == "SQUEEZE" or _constant_or_none(op, 1) else None
    if op.kind in _PADS:
        amounts = op.inputs[1]
        return [x] if amounts is not None and amounts.data is not None and not amounts.data[-1].any() else None
    if op.kind in _REDUCTIONS:
        axes, rank = op.inputs[1], len(x.shape)
        if axes is None or axes.data is None or any(int(a) % rank == rank - 1 for a in axes.data.reshape(-1)):
            return None
        return [x]
    return _binary_operands(op, channels) if op.kind in ELEMENTWISE_BINARY else None


def _binary_operands(op: Op, channels: int) -> list[Tensor] | None:
    operands = []
    for tensor in op.inputs:
        if tensor is None:
            return None
        if tensor.is_constant:
            if tensor.quantization is not None and tensor.quantization.is_per_axis:
                return None
        elif not tensor.shape or tensor.shape[-1] != channels:
            return None
        else:
            operands.append(tensor)
    return operands or None


def _constant_or_none(op: Op, index: int) -> bool:
    tensor = optional_input(op, index)
    return tensor is None or tensor.is_constant


def _is_closed(group: Group, uses: Uses) -> bool:
    """Every tensor is made inside the group."""
    return all(uses.producer(t) is not None and t.shape[-1] == group.tensors[0].shape[-1] for t in group.tensors)
