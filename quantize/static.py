"""Static quantization: integer tensors from end to end, with QUANTIZE and DEQUANTIZE where an op must stay float."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Graph, Op, Quantization, Tensor
from ..ops.opdef import opdef
from .constraints import activation_inputs, activation_scales, is_quantizable, rules_of
from .params import activation_params, bias_params, quantize_bias, quantize_symmetric, weight_params
from .recipes import QuantizationError, Recipe
from .statistics import Range

Twins = dict[Tensor, Tensor]
_BIAS_TYPE = {DType.INT8: DType.INT32, DType.INT16: DType.INT64}
IO_TYPES = {"float32": DType.FLOAT32, "int8": DType.INT8, "uint8": DType.UINT8}


def quantize_graph(graph: Graph, ranges: Mapping[Tensor, Range], recipe: Recipe, io: str) -> Twins:
    """Rewrites `graph` in place.

    Args:
        ranges: of every tensor that `constraints.needed_tensors` names.
        io: type of the graph's float inputs and outputs afterwards: a key of IO_TYPES.

    Returns:
        The integer tensor that stands for each float one.
    """
    if io not in IO_TYPES:
        raise QuantizationError(f"input/output type '{io}' is not one of {', '.join(IO_TYPES)}")
    rewriter = _Rewriter(recipe, activation_scales(graph, ranges, recipe.activations), IO_TYPES[io])
    rewriter.run(graph)
    return rewriter.twins


@dataclass
class _Rewriter:
    recipe: Recipe
    scales: Mapping[Tensor, Quantization]
    io: DType
    twins: Twins = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    floats: set[Tensor] = field(default_factory=set)
    constants: dict[object, Tensor] = field(default_factory=dict)

    def run(self, graph: Graph) -> None:
        self.floats = {t for t in graph.inputs if t.dtype is DType.FLOAT32}
        ends = [*graph.inputs, *graph.outputs]
        if self.io is not DType.FLOAT32:
            graph.inputs = [self._integer_input(t) for t in graph.inputs]
        for op in graph.ops:
            if is_quantizable(op):
                self._quantize_op(op)
            else:
                for tensor in op.inputs:
                    if tensor in self.twins and tensor not in self.floats:
                        self._dequantize(tensor)
                self.floats.update(t for t in op.outputs if t.dtype is DType.FLOAT32)
                self.ops.append(op)
        graph.outputs = [self._output(t) for t in graph.outputs]
        graph.ops = self.ops
        self._name(graph, ends, [t.name for t in ends])

    def _name(self, graph: Graph, ends: list[Tensor], names: list[str]) -> None:
        """The interface keeps its names, and an integer tensor has its float one's where that is gone."""
        now = [*graph.inputs, *graph.outputs]
        for tensor, name, end in zip(ends, names, now, strict=True):
            if end is not tensor:
                tensor.name, end.name = f"{name}_float32", name
        twins, kept = set(self.twins.values()), set(now)
        present = {t.name for t in graph.tensors() if t not in twins or t in kept}
        for tensor, twin in self.twins.items():
            if tensor.name not in present and twin not in kept:
                twin.name = tensor.name

    def _quantize_op(self, op: Op) -> None:
        rules = rules_of(op, self.recipe.activations)
        activations = set(activation_inputs(op, rules.rule))
        shared = self.scales[op.outputs[0]] if rules.rule.same_scale and op.outputs[0] in self.scales else None
        inputs = [
            self._operand(t, shared) if t is not None and t in activations and t.dtype is DType.FLOAT32 else t
            for t in op.inputs
        ]
        if rules.rule.weight is not None:
            self._quantize_linear(op, inputs)
        outputs = [self._twin(t) if t.dtype is DType.FLOAT32 else t for t in op.outputs]
        self.ops.append(Op(op.kind, inputs, outputs, op.attrs, op.intermediates, op.mutates, op.source))

    def _operand(self, tensor: Tensor, shared: Quantization | None) -> Tensor:
        if tensor.is_constant:
            return self._constant(tensor, shared or self.scales.get(tensor))
        twin = self._integer(tensor)
        if shared is None or twin.quantization is shared:
            return twin
        key = (tensor, id(shared))
        if key not in self.constants:
            moved = Tensor(f"{tensor.name}/requantized", twin.shape, twin.dtype, shared, source=tensor.source)
            self.constants[key] = moved
            self._convert("QUANTIZE", twin, moved)
        return self.constants[key]

    def _integer(self, tensor: Tensor) -> Tensor:
        """The integer form of a float tensor; a QUANTIZE makes it where the float form came first."""
        if tensor not in self.twins:
            self._convert("QUANTIZE", tensor, self._twin(tensor))
        return self.twins[tensor]

    def _twin(self, tensor: Tensor) -> Tensor:
        params = self.scales[tensor]
        dtype = self.recipe.activations
        twin = Tensor(f"{tensor.name}_{dtype.name.lower()}", tensor.shape, dtype, params, source=tensor.source)
        twin.default_shape = tensor.default_shape
        self.twins[tensor] = twin
        return twin

    def _constant(self, tensor: Tensor, params: Quantization | None) -> Tensor:
        assert tensor.data is not None
        values = np.asarray(tensor.data, np.float32)
        if params is None:
            params = activation_params(
                float(values.min(initial=0.0)), float(values.max(initial=0.0)), self.recipe.activations
            )
        key = (tensor, id(params))
        if key not in self.constants:
            data = params.quantize(values, self.recipe.activations)
            self.constants[key] = Tensor(
                tensor.name, tensor.shape, self.recipe.activations, params, data, tensor.source
            )
        return self.constants[key]

    def _quantize_linear(self, op: Op, inputs: list[Tensor | None]) -> None:
        rule = opdef(op.kind).quant
        assert rule is not None and rule.weight is not None
        x = next(t for t in inputs if t is not None and t.dtype is self.recipe.activations)
        weight = op.inputs[rule.weight]
        bias = op.inputs[rule.bias] if rule.bias is not None and rule.bias < len(op.inputs) else None
        assert weight is not None and weight.data is not None and x.quantization is not None
        values = np.asarray(weight.data, np.float32)
        units = None if bias is None else np.abs(np.asarray(bias.data, np.float32)) / x.quantization.scale[0]
        dtype = self.recipe.weights_of(op.kind)
        params = weight_params(values, rule.weight_axis, dtype, weight.quantization, units)
        stored = self._shared(weight, params, quantize_symmetric(values, params, dtype), dtype)
        inputs[rule.weight] = stored
        assert stored.quantization is not None
        if bias is not None and rule.bias is not None:
            scale = bias_params(x.quantization, stored.quantization)
            sums = _BIAS_TYPE[self.recipe.activations]
            inputs[rule.bias] = self._shared(bias, scale, quantize_bias(np.asarray(bias.data), scale, sums), sums)

    def _shared(self, old: Tensor, params: Quantization, data: NDArray[np.generic], dtype: DType) -> Tensor:
        """One stored tensor for constants that several ops read with the same scales."""
        key = (old, params.scale.tobytes())
        if key not in self.constants:
            self.constants[key] = Tensor(old.name, old.shape, dtype, params, data, old.source)
        return self.constants[key]

    def _dequantize(self, tensor: Tensor) -> None:
        self.floats.add(tensor)
        self._convert("DEQUANTIZE", self.twins[tensor], tensor)

    def _convert(self, kind: str, x: Tensor, y: Tensor) -> None:
        self.ops.append(Op(kind, [x], [y], opdef(kind).attrs(), source=y.source or x.source))

    def _integer_input(self, tensor: Tensor) -> Tensor:
        if tensor not in self.scales:
            return tensor
        self.floats.discard(tensor)
        twin = self._twin(tensor)
        if self.io is DType.INT8:
            return twin
        outer = _as_uint8(tensor, twin)
        self._convert("QUANTIZE", outer, twin)
        return outer

    def _output(self, tensor: Tensor) -> Tensor:
        if tensor not in self.scales:
            return tensor
        if self.io is DType.FLOAT32:
            if tensor not in self.floats:
                self._dequantize(tensor)
            return tensor
        twin = self._integer(tensor)
        if self.io is DType.INT8:
            return twin
        outer = _as_uint8(tensor, twin)
        self._convert("QUANTIZE", twin, outer)
        return outer


def _as_uint8(tensor: Tensor, twin: Tensor) -> Tensor:
    assert twin.quantization is not None
    shifted = Quantization(twin.quantization.scale, twin.quantization.zero_point + 128)
    return Tensor(tensor.name, tensor.shape, DType.UINT8, shifted, source=tensor.source)
