"""One scale for every tensor that must share one: what `OpDef.quant` asks for, solved over the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, DType, Graph, Op, Quantization, Tensor
from ..ops.opdef import QuantRule, opdef, registry
from .params import activation_params
from .statistics import Range

_ENDS = frozenset({"QUANTIZE", "DEQUANTIZE"})


@dataclass(frozen=True)
class Rules:
    """An op's rule for the activation type in use."""

    rule: QuantRule
    fixed: tuple[float, int] | None


def rules_of(op: Op, dtype: DType) -> Rules:
    rule = opdef(op.kind).quant
    assert rule is not None
    return Rules(rule, rule.fixed_output_int16 if dtype is DType.INT16 else rule.fixed_output)


def is_quantizable(op: Op) -> bool:
    """The op has a rule, works on float32, and its weights (if it has any) are float constants."""
    definition = registry().get(op.kind)
    if definition is None or definition.quant is None or op.kind in _ENDS:
        return False
    if getattr(op.attrs, "fused_activation_function", Activation.NONE) in (Activation.TANH, Activation.SIGN_BIT):
        return False
    rule = definition.quant
    for index in (rule.weight, rule.bias):
        tensor = op.inputs[index] if index is not None and index < len(op.inputs) else None
        if index == rule.weight and index is not None and (tensor is None or not _is_float_constant(tensor)):
            return False
        if tensor is not None and index is not None and not _is_float_constant(tensor):
            return False
    tensors = [*activation_inputs(op, rule), *op.outputs]
    has_floats = any(t.dtype is DType.FLOAT32 for t in activation_inputs(op, rule))
    return has_floats and not any(t.is_variable for t in tensors)


def _is_float_constant(tensor: Tensor) -> bool:
    return tensor.is_constant and tensor.dtype is DType.FLOAT32 and tensor.sparsity is None


def activation_inputs(op: Op, rule: QuantRule) -> list[Tensor]:
    """The operands but weights and bias, constants included."""
    return [t for i, t in enumerate(op.inputs) if t is not None and i not in (rule.weight, rule.bias)]


def needed_tensors(graph: Graph) -> list[Tensor]:
    """The float tensors that a static recipe needs ranges for: what quantizable ops touch, and the graph's ends."""
    needed: dict[Tensor, None] = {}
    for op in graph.ops:
        if is_quantizable(op):
            rule = opdef(op.kind).quant
            assert rule is not None
            needed |= dict.fromkeys((*activation_inputs(op, rule), *op.outputs))
    if needed:
        needed |= dict.fromkeys((*graph.inputs, *graph.outputs))
    return [t for t in needed if t.dtype is DType.FLOAT32 and not t.is_constant]


def activation_scales(graph: Graph, ranges: Mapping[Tensor, Range], dtype: DType) -> dict[Tensor, Quantization]:
    """Scale and zero point of every tensor in `ranges` and of the float constants beside them.

    Tensors of one `same_scale` op share theirs, except where a fixed output range meets others: such an input
    is requantized where it is read.
    """
    groups = _Groups(graph, dtype)
    bounds: dict[Tensor, Range] = {}
    members = list(dict.fromkeys((*groups.parent, *ranges)))
    for tensor in members:
        low, high = ranges[tensor] if tensor in ranges else _constant_range(tensor)
        before = bounds.get(groups.find(tensor), (np.inf, -np.inf))
        bounds[groups.find(tensor)] = (min(low, before[0]), max(high, before[1]))
    fixed = {root: Quantization.per_tensor(*value) for root, value in groups.fixed.items()}
    params = {root: fixed[root] if root in fixed else activation_params(*bounds[root], dtype) for root in bounds}
    return {tensor: params[groups.find(tensor)] for tensor in members}


def spread_ranges(graph: Graph, known: Mapping[Tensor, Range], dtype: DType) -> dict[Tensor, Range]:
    """The known ranges and those that follow: of tensors that share a scale with them, or whose scale is fixed."""
    groups = _Groups(graph, dtype)
    bounds: dict[Tensor, Range] = {}
    for tensor, (low, high) in known.items():
        before = bounds.get(groups.find(tensor), (np.inf, -np.inf))
        bounds[groups.find(tensor)] = (min(low, before[0]), max(high, before[1]))
    found = dict(known)
    for tensor in needed_tensors(graph):
        root = groups.find(tensor)
        if root in bounds:
            found[tensor] = bounds[root]
        elif root in groups.fixed:
            found[tensor] = (0.0, 0.0)  # the scale is the operator's, whatever the values
    return found


class _Groups:
    """Which tensors share a scale (union-find), and which groups' scale an operator fixes."""

    def __init__(self, graph: Graph, dtype: DType) -> None:
        self.parent: dict[Tensor, Tensor] = {}
        self.fixed: dict[Tensor, tuple[float, int]] = {}
        for op in graph.ops:
            if is_quantizable(op):
                self._add(op, rules_of(op, dtype))

    def find(self, tensor: Tensor) -> Tensor:
        self.parent.setdefault(tensor, tensor)
        while self.parent[tensor] is not tensor:
            tensor = self.parent[tensor]
        return tensor

    def _add(self, op: Op, rules: Rules) -> None:
        outputs = _floats(op.outputs)
        if rules.fixed is not None:
            self.fixed |= {self.find(t): rules.fixed for t in outputs}
        if not rules.rule.same_scale or not outputs:
            return
        inputs = _floats(activation_inputs(op, rules.rule))
        pinned = {self.fixed.get(self.find(t)) for t in inputs}
        for tensor in (*outputs[1:], *inputs):
            mine = self.fixed.get(self.find(tensor))
            if len(pinned) > 1 and mine is not None:
                continue
            root, target = self.find(tensor), self.find(outputs[0])
            if root is not target:
                self.parent[root] = target
            if mine is not None:
                self.fixed[target] = mine


def _constant_range(tensor: Tensor) -> Range:
    if tensor.data is None:
        return 0.0, 0.0
    values = tensor.data[np.isfinite(tensor.data)] if tensor.data.size else np.zeros(1)
    return float(values.min(initial=0.0)), float(values.max(initial=0.0))


def _floats(tensors: Iterable[Tensor]) -> list[Tensor]:
    return [t for t in tensors if t.dtype is DType.FLOAT32]
