"""DEQUANTIZE - float operator - QUANTIZE becomes one quantized operator, as TFLite's specification defines it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...ir import Activation, DType, Graph, Op, Quantization, Tensor
from ...ops import QuantRule, registry
from ...passes.uint8 import uint8_to_int8

_FUSED = {"RELU": Activation.RELU, "RELU6": Activation.RELU6, "RELU_N1_TO_1": Activation.RELU_N1_TO_1}
_MOVING = frozenset(
    {
        "GATHER",
        "MAX_POOL_2D",
        "MIRROR_PAD",
        "PAD",
        "RESHAPE",
        "SLICE",
        "SPLIT",
        "STRIDED_SLICE",
        "TILE",
        "TRANSPOSE",
    }
)
_STORED = (DType.INT8, DType.UINT8, DType.INT16)


def fold_qdq(graph: Graph) -> int:
    """Makes operators between DEQUANTIZE and QUANTIZE compute on the stored integers; uint8 becomes int8.

    Operators without a quantized form, or between floats, stay in float with the conversions around them.

    Returns:
        How many operators became quantized.
    """
    if not any(op.kind in ("QUANTIZE", "DEQUANTIZE") for op in graph.ops):
        _drop_records(graph)
        return 0
    work = _Fold(graph)
    ops: list[Op] = []
    for op in graph.ops:
        ops += work.fold(op)
    graph.ops = _alive(ops, graph)
    _drop_records(graph)
    uint8_to_int8(graph)
    return work.count


@dataclass
class _Fold:
    graph: Graph
    count: int = 0
    absorbed: set[Op] = field(default_factory=set)
    same: dict[Tensor, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.producers, self.readers = self.graph.producers(), self.graph.consumers()

    def fold(self, op: Op) -> list[Op]:
        """The ops in place of `op`: itself, or its quantized form with requantizations around it."""
        if op in self.absorbed:
            return []
        op.inputs = [self.same.get(t, t) if t is not None else None for t in op.inputs]
        if op.kind == "QUANTIZE":
            return self._requantize(op)
        definition = registry().get(op.kind)
        rule = definition.quant if definition is not None else None
        if rule is None or op.kind == "DEQUANTIZE":
            return [op]
        if op.kind in _MOVING:
            return self._move_below(op)
        inputs = self._inputs(op, rule)
        end = self._end(op) if inputs is not None and len(op.outputs) == 1 else None
        if inputs is None or end is None:
            return [op]
        activation, quantize, result = end
        attrs = op.attrs
        self.absorbed.add(quantize)
        if activation is not None:
            attrs = replace(attrs, fused_activation_function=_FUSED[activation.kind])  # type: ignore[call-arg]
            self.absorbed.add(activation)
        self.count += 1
        quantized = replace(op, inputs=inputs, outputs=[result], attrs=attrs)
        return self._with_scales(quantized, rule, result)

    def _requantize(self, op: Op) -> list[Op]:
        """QUANTIZE of what was dequantized: from scale to scale at once, or nothing where they are the same."""
        assert op.inputs[0] is not None
        source, result = self._before(op.inputs[0]), op.outputs[0]
        if source is None:
            return [op]
        if _same(source, result) and result not in self.graph.outputs:
            self.same[result] = source
            return []
        return [replace(op, inputs=[source])]

    def _move_below(self, op: Op) -> list[Op]:
        """An op that only moves values works on the stored ones; what follows it is dequantized in its stead."""
        floats = [i for i, t in enumerate(op.inputs) if t is not None and t.dtype is DType.FLOAT32]
        real = op.inputs[floats[0]] if len(floats) == 1 else None
        source = self._before(real) if real is not None else None
        if source is None:
            return [op]
        inputs = [source if t is real else t for t in op.inputs]
        outputs = [
            replace(t, name=f"{t.name}/stored", dtype=source.dtype, quantization=source.quantization)
            for t in op.outputs
        ]
        back = [Op("DEQUANTIZE", [s], [t], source=op.source) for s, t in zip(outputs, op.outputs, strict=True)]
        self.producers |= {each.outputs[0]: each for each in back}
        self.count += 1
        return [replace(op, inputs=inputs, outputs=outputs), *back]

    def _inputs(self, op: Op, rule: QuantRule) -> list[Tensor | None] | None:
        """Stored values in place of every float operand, None where one has none."""
        stored: list[Tensor | None] = []
        for index, tensor in enumerate(op.inputs):
            if tensor is None or tensor.dtype is not DType.FLOAT32:
                stored.append(tensor)
            elif index == rule.bias:
                bias = _bias(tensor, next(t for t in stored if t is not None), stored[rule.weight or 0])
                if bias is None:
                    return None
                stored.append(bias)
            else:
                found = _constant(tensor, rule) if tensor.is_constant else self._before(tensor)
                misplaced = rule.weight is not None and (index == rule.weight) != tensor.is_constant
                if found is None or misplaced:
                    return None
                stored.append(found)
        changed = any(a is not b for a, b in zip(stored, op.inputs, strict=True))
        return stored if changed else None

    def _before(self, tensor: Tensor) -> Tensor | None:
        """What `tensor` was dequantized from."""
        made = self.producers.get(tensor)
        source = made.inputs[0] if made is not None and made.kind == "DEQUANTIZE" else None
        quantized = source is not None and source.dtype in _STORED and source.quantization is not None
        return source if quantized and source.quantization.scale.size == 1 else None  # type: ignore[union-attr]

    def _end(self, op: Op) -> tuple[Op | None, Op, Tensor] | None:
        """The activation to fuse, the QUANTIZE after it and what that makes."""
        tensor, activation = op.outputs[0], None
        readers = self.readers.get(tensor, [])
        free = getattr(op.attrs, "fused_activation_function", None) is Activation.NONE
        if free and len(readers) == 1 and readers[0].kind in _FUSED and tensor not in self.graph.outputs:
            activation = readers[0]
            tensor = activation.outputs[0]
            readers = self.readers.get(tensor, [])
        if len(readers) != 1 or readers[0].kind != "QUANTIZE" or tensor in self.graph.outputs:
            return None
        result = readers[0].outputs[0]
        if result.dtype not in _STORED or result.quantization is None or result.quantization.scale.size != 1:
            return None
        return activation, readers[0], result

    def _with_scales(self, op: Op, rule: QuantRule, result: Tensor) -> list[Op]:
        """`op` with the scales that its rule asks for, and QUANTIZE ops where the source has others."""
        fixed = rule.fixed_output_int16 if result.dtype is DType.INT16 else rule.fixed_output
        if fixed is not None:
            shift = 128 if result.dtype is DType.UINT8 else 0
            return _after(op, result, Quantization.per_tensor(fixed[0], fixed[1] + shift))
        if not rule.same_scale:
            return [op]
        before = []
        for index, tensor in enumerate(op.inputs):
            if tensor is not None and tensor.quantization is not None and not _same(tensor, result):
                moved = replace(tensor, name=f"{tensor.name}/rescaled", quantization=result.quantization, data=None)
                before.append(Op("QUANTIZE", [tensor], [moved], source=op.source))
                op.inputs[index] = moved
        return [*before, op]


def _after(op: Op, result: Tensor, scales: Quantization) -> list[Op]:
    """`op` with an output of `scales`, requantized to `result` where that differs."""
    made = replace(result, name=f"{result.name}/scaled", quantization=scales)
    if _same(made, result):
        return [op]
    op.outputs = [made]
    return [op, Op("QUANTIZE", [made], [result], source=op.source)]


def _same(a: Tensor, b: Tensor) -> bool:
    p, q = a.quantization, b.quantization
    return (
        p is not None
        and q is not None
        and a.dtype is b.dtype
        and bool(np.array_equal(p.scale, q.scale) and np.array_equal(p.zero_point, q.zero_point))
    )


def _constant(tensor: Tensor, rule: QuantRule) -> Tensor | None:
    """The stored values of a dequantized constant as int8: symmetric where it is the weight of a layer."""
    record = tensor.quantization
    if record is None or tensor.data is None:
        return None
    low = int(record.quantize(np.asarray(tensor.data), DType.INT32).min(initial=0))
    high = int(record.quantize(np.asarray(tensor.data), DType.INT32).max(initial=0))
    # Stored as uint8 around 128 it is the same as int8 around 0.
    shift = 0 if low >= -128 and high <= 127 and not (record.zero_point > 127).any() else 128
    parameters = replace(record, zero_point=record.zero_point - shift)
    if rule.weight is not None and (parameters.zero_point.any() or not _fits_axis(parameters, rule)):
        return None
    if low - shift < -128 or high - shift > 127:
        return None
    data = parameters.quantize(np.asarray(tensor.data), DType.INT8)
    return replace(tensor, dtype=DType.INT8, quantization=parameters, data=data)


def _fits_axis(parameters: Quantization, rule: QuantRule) -> bool:
    return not parameters.is_per_axis or parameters.axis == rule.weight_axis


def _bias(tensor: Tensor, x: Tensor | None, weights: Tensor | None) -> Tensor | None:
    """A constant bias as int32 in units of input scale times weight scale."""
    if tensor.data is None or x is None or weights is None or x.quantization is None or weights.quantization is None:
        return None
    scale = (x.quantization.scale.astype(np.float64) * weights.quantization.scale).astype(np.float32)
    parameters = Quantization(scale, np.zeros(scale.shape, np.int64))
    dtype = DType.INT64 if x.dtype is DType.INT16 else DType.INT32
    data = parameters.quantize(np.asarray(tensor.data, np.float64), dtype)
    return replace(tensor, dtype=dtype, quantization=parameters, data=data)


def _alive(ops: list[Op], graph: Graph) -> list[Op]:
    """`ops` without conversions that nobody reads any more."""
    read = set(graph.outputs)
    kept = []
    for op in reversed(ops):
        if op.kind == "DEQUANTIZE" and op.outputs[0] not in read:
            continue
        read.update(t for t in op.inputs if t is not None)
        kept.append(op)
    return kept[::-1]


def _drop_records(graph: Graph) -> None:
    """Float constants keep no record of how they were stored once."""
    for tensor in graph.tensors():
        if tensor.dtype is DType.FLOAT32:
            tensor.quantization = None
