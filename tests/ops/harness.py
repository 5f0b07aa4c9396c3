"""One harness for all op cases: builds one-op models, plain and quantized, and runs them in every implementation.

An implementation is a function from `OneOp` to its outputs; `assert_close` and `assert_exact` judge them in pairs.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Quantization, Tensor
from rillet.ops import OpDef, QuantRule, evaluate, opdef

from .case import OPTIMIZED, Case, Random


@dataclass(frozen=True)
class Variant:
    """A quantized form: type of activations, and whether weights have one scale per channel."""

    dtype: DType
    per_axis: bool = True


VARIANTS = {
    "int8": Variant(DType.INT8),
    "int8_per_tensor": Variant(DType.INT8, per_axis=False),
    "int16": Variant(DType.INT16),
    "uint8": Variant(DType.UINT8, per_axis=False),
    "hybrid": Variant(DType.FLOAT32),
}
# LiteRT quantizes the activations of hybrid operators at run time, from their values, to 8 bits.
HYBRID_TOLERANCE = 0.02


@dataclass(frozen=True)
class OneOp:
    """A case made real: a model of one operator and arrays for its inputs."""

    case: Case
    variant: str
    model: Model
    inputs: list[NDArray[Any]]

    @property
    def op(self) -> Op:
        return self.model.main.ops[0]

    @property
    def macs(self) -> int:
        return opdef(self.case.kind).macs(self.op)

    def __str__(self) -> str:
        return f"{self.case.kind} '{self.case.name}' {self.variant}"


def collect(name: str = "CASES") -> Iterator[Case]:
    """Every case of the lists called `name` in the modules of `cases/`; "PERF" is what `--perf` times."""
    package = importlib.import_module(f"{__package__}.cases")
    for module in pkgutil.iter_modules(package.__path__):
        yield from getattr(importlib.import_module(f"{package.__name__}.{module.name}"), name, ())


def runs() -> list[tuple[Case, str]]:
    """All (case, variant) pairs; the variant "plain" has the operands as declared."""
    return [(c, v) for c in collect() for v in (("plain",) if c.is_float else ()) + c.quantized]


def run_name(run: tuple[Case, str]) -> str:
    case, variant = run
    return f"{case.kind}-{case.name.replace(' ', '_')}-{variant}"


def build(case: Case, variant: str) -> OneOp:
    """The model and its inputs; random values depend on kind and name alone, so runs repeat."""
    rng = np.random.default_rng(zlib.crc32(f"{case.kind} {case.name}".encode()))
    definition = opdef(case.kind)
    arrays = [_values(operand, rng) for operand in case.operands]
    tensors = [
        None if array is None else Tensor(f"input_{i}", array.shape, DType.of(array.dtype), data=array)
        for i, array in enumerate(arrays)
    ]
    op = Op(case.kind, list(tensors), [], definition.attrs(**case.attrs), source=case.name)
    if case.output is not None:
        op.outputs = [Tensor("output", (), case.output)]
    results = definition.compute(op, arrays) if case.output is None else [arrays[0]]
    if variant != "plain":
        _quantize_inputs(case, op, VARIANTS[variant], definition.quant or QuantRule())
    inferred = definition.infer(op)
    op.outputs = [Tensor(f"output_{i}", shape, dtype) for i, (shape, dtype) in enumerate(inferred)]
    if variant != "plain" or case.output is not None:
        _quantize_outputs(case, op, results, definition)
    graph = Graph("main", [], list(op.outputs), [op])
    inputs: list[NDArray[Any]] = []
    for operand, tensor in zip(case.operands, tensors, strict=True):
        if isinstance(operand, Random) and not operand.is_constant:
            assert tensor is not None and tensor.data is not None
            graph.inputs.append(tensor)
            inputs.append(tensor.data)
            tensor.data = None
    return OneOp(case, variant, Model([graph]), inputs)


def _values(operand: Any, rng: np.random.Generator) -> NDArray[Any] | None:
    if operand is None:
        return None
    if isinstance(operand, Random):
        return operand.draw(rng)
    array = np.asarray(operand)
    is_python = not isinstance(operand, (np.ndarray, np.generic))
    return array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype)) if is_python else array


def _parameters(low: float, high: float, dtype: DType) -> Quantization:
    """Scale and zero point for a real range, as TFLite's quantizer chooses them (int16 is symmetric)."""
    low, high = min(low, 0.0), max(high, 0.0, 1e-6)
    if dtype is DType.INT16:
        return Quantization.per_tensor(max(-low, high) / 32767, 0)
    first, last = dtype.limits
    scale = np.float32((high - low) / (last - first))
    return Quantization.per_tensor(float(scale), int(np.clip(round(first - low / scale), first, last)))


def _symmetric(values: NDArray[Any], axis: int | None) -> Quantization:
    other = None if axis is None else tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(axis=other), 1e-6) / np.float32(127)
    scale = np.atleast_1d(scale).astype(np.float32)
    return Quantization(scale, np.zeros(scale.size, np.int64), axis or 0)


def _quantize_inputs(case: Case, op: Op, variant: Variant, rule: QuantRule) -> None:
    ranges = [
        (o.low, o.high) if isinstance(o, Random) and not o.is_constant else (t.data.min(), t.data.max())
        for o, t in zip(case.operands, op.inputs, strict=True)
        if t is not None and t.data is not None and t.dtype is DType.FLOAT32
    ]
    low, high = float(min(r[0] for r in ranges)), float(max(r[1] for r in ranges))
    for i, (operand, tensor) in enumerate(zip(case.operands, op.inputs, strict=True)):
        is_kept = i == rule.bias or (variant.dtype is DType.FLOAT32 and i != rule.weight)
        if tensor is None or tensor.dtype is not DType.FLOAT32 or is_kept:
            continue
        assert tensor.data is not None
        if i == rule.weight and variant.dtype is not DType.UINT8:
            params, dtype = _symmetric(tensor.data, rule.weight_axis if variant.per_axis else None), DType.INT8
        elif rule.same_scale:
            params, dtype = _parameters(low, high, variant.dtype), variant.dtype
        else:
            own = (
                (operand.low, operand.high)
                if isinstance(operand, Random)
                else (float(tensor.data.min()), float(tensor.data.max()))
            )
            params, dtype = _parameters(*own, variant.dtype), variant.dtype
        _set(tensor, params, dtype)
    has_bias = rule.bias is not None and len(op.inputs) > rule.bias and op.inputs[rule.bias] is not None
    if has_bias and variant.dtype is not DType.FLOAT32:
        _quantize_bias(op, variant, rule)


def _quantize_bias(op: Op, variant: Variant, rule: QuantRule) -> None:
    assert rule.bias is not None and rule.weight is not None
    bias, w = op.inputs[rule.bias], op.inputs[rule.weight]
    x = op.inputs[0] if op.inputs[0] is not None and op.inputs[0].dtype is variant.dtype else op.inputs[2]
    assert bias is not None and w is not None and x is not None and x.quantization and w.quantization
    scale = (x.quantization.scale * w.quantization.scale).astype(np.float32)
    params = Quantization(scale, np.zeros(scale.size, np.int64), 0)
    _set(bias, params, DType.INT64 if variant.dtype is DType.INT16 else DType.INT32)


def _set(tensor: Tensor, params: Quantization, dtype: DType) -> None:
    real: Any = tensor.data
    tensor.data, tensor.dtype, tensor.quantization = params.quantize(real, dtype), dtype, params


def _quantize_outputs(case: Case, op: Op, results: list[Any], definition: OpDef) -> None:
    rule = definition.quant or QuantRule()
    for tensor, result in zip(op.outputs, results, strict=True):
        if tensor.dtype not in (DType.INT8, DType.UINT8, DType.INT16):
            continue
        fixed = {DType.INT8: rule.fixed_output, DType.INT16: rule.fixed_output_int16}.get(tensor.dtype)
        if tensor.dtype is DType.UINT8 and rule.fixed_output is not None:
            fixed = rule.fixed_output[0], rule.fixed_output[1] + 128
        if fixed is not None:
            tensor.quantization = Quantization.per_tensor(*fixed)
        elif rule.same_scale:
            source = next(t for t in op.inputs if t is not None and t.dtype is tensor.dtype)
            tensor.quantization = dataclasses.replace(source.quantization) if source.quantization else None
        else:
            low, high = case.output_range or (float(np.min(result)), float(np.max(result)))
            tensor.quantization = _parameters(low, high, tensor.dtype)


def run_numpy(one: OneOp) -> list[NDArray[Any]]:
    """The operator's meaning."""
    outputs = evaluate(one.model.main, one.inputs)
    return [np.asarray(outputs[t.name]) for t in one.model.main.outputs]


def run_litert(one: OneOp) -> list[NDArray[Any]]:
    """LiteRT's kernels of the case's resolver; its optimized ones where that one lacks the operator's version."""
    try:
        interpreter = litert(one, one.case.resolver)
    except ValueError as problem:
        if "Didn't find op" not in str(problem):
            raise
        interpreter = litert(one, OPTIMIZED)
    interpreter.invoke()
    return [np.asarray(interpreter.get_tensor(d["index"])) for d in interpreter.get_output_details()]


def litert(one: OneOp, resolver: str) -> Any:
    """An interpreter of LiteRT with its inputs set, one thread."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=write_bytes(one.model), experimental_op_resolver_type=OpResolverType[resolver], num_threads=1
    )
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), one.inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    return interpreter


def assert_close(one: OneOp, got: list[NDArray[Any]], wanted: list[NDArray[Any]]) -> None:
    """Floats within the case's tolerance, quantized within its steps, all else equal."""
    for tensor, ours, theirs in zip(one.op.outputs, got, wanted, strict=True):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, f"{one}: {ours.shape} {theirs.shape}"
        if tensor.dtype.is_float:
            finite = theirs[np.isfinite(theirs)]
            span = float(np.abs(finite).max()) if finite.size else 1.0
            tolerance = HYBRID_TOLERANCE if one.variant == "hybrid" else one.case.tolerance
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * span, err_msg=str(one))
        else:
            steps = one.case.steps_int16 if tensor.dtype is DType.INT16 else one.case.steps
            steps = steps if tensor.quantization is not None else 0
            worst = np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max(initial=0)
            assert worst <= steps, f"{one}: {tensor.name} differs by {worst}, allowed are {steps}"


def assert_exact(one: OneOp, got: list[NDArray[Any]], wanted: list[NDArray[Any]]) -> None:
    """Every integer equal; floats as `assert_close`."""
    for tensor, ours, theirs in zip(one.op.outputs, got, wanted, strict=True):
        if not tensor.dtype.is_float:
            np.testing.assert_array_equal(ours, theirs, err_msg=str(one))
    assert_close(one, got, wanted)
