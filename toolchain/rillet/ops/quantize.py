"""QUANTIZE, DEQUANTIZE and CAST: the same values as another element type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, NotDifferentiable, OpDef, QuantRule, operand, register
from .rules import Results, present, versions


@dataclass
class CastAttrs(Attrs):
    """Information only where tensors exist, as in LiteRT: many files leave them out."""

    in_data_type: DType = DType.FLOAT32
    out_data_type: DType = DType.FLOAT32


def _infer_quantize(op: Op) -> Results:
    """int8, or what the output tensor already is: nothing in the op itself says its type."""
    return [(operand(op, 0).shape, op.outputs[0].dtype if op.outputs else DType.INT8)]


def _infer_dequantize(op: Op) -> Results:
    return [(operand(op, 0).shape, DType.FLOAT32)]


def _infer_cast(op: Op) -> Results:
    return [(operand(op, 0).shape, _cast_type(op))]


def _cast_type(op: Op) -> DType:
    assert isinstance(op.attrs, CastAttrs)
    return op.outputs[0].dtype if op.outputs else op.attrs.out_data_type


def _identity(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [present(arrays)[0]]


def _dequantize(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [present(arrays)[0].astype(np.float32)]


def _cast(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    with np.errstate(invalid="ignore"):
        return [present(arrays)[0].astype(_cast_type(op).numpy)]


def _is_per_axis(op: Op) -> bool:
    return any(
        t is not None and t.quantization is not None and t.quantization.is_per_axis for t in (*op.inputs, *op.outputs)
    )


def _quantize_version(op: Op) -> int:
    types = {operand(op, 0).dtype, op.outputs[0].dtype}
    if DType.UINT4 in types or DType.INT4 in types:
        return 5 if DType.UINT4 in types else 4
    return 3 if _is_per_axis(op) else 2 if op.outputs[0].dtype is DType.INT16 else 1


def _dequantize_version(op: Op) -> int:
    if operand(op, 0).dtype is DType.INT8 and _is_per_axis(op):
        return 5
    return versions(int8=2, int16=3, float16=3, int4=6, int2=7, uint4=8)(op)


def _cast_version(op: Op) -> int:
    types = {operand(op, 0).dtype, op.outputs[0].dtype}
    rules = (
        (8, {DType.INT2, DType.UINT4}),
        (7, {DType.BFLOAT16}),
        (6, {DType.INT4}),
        (5, {DType.FLOAT64, DType.FLOAT16}),
        (4, {DType.UINT16}),
        (3, {DType.INT8}),
        (2, {DType.UINT32}),
    )
    return next((version for version, wanted in rules if types & wanted), 1)


def _cast_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Between floats; integers have no gradient."""
    x = operand(op, 0)
    return [b.cast(dy, x.dtype) if x.dtype.is_float else None]


_QUANTIZED = NotDifferentiable("values are quantized; FAKE_QUANT stands for that in training", is_refused=True)

register(
    OpDef(
        kind="QUANTIZE",
        code=114,
        options="QuantizeOptions",
        infer=_infer_quantize,
        compute=_identity,
        gradient=_QUANTIZED,
        quant=QuantRule(),
        version=_quantize_version,
        is_elementwise=True,
    )
)
register(
    OpDef(
        kind="DEQUANTIZE",
        code=6,
        options="DequantizeOptions",
        infer=_infer_dequantize,
        compute=_dequantize,
        gradient=_QUANTIZED,
        quant=QuantRule(),
        version=_dequantize_version,
        is_elementwise=True,
    )
)
register(
    OpDef(
        kind="CAST",
        code=53,
        options="CastOptions",
        attrs=CastAttrs,
        infer=_infer_cast,
        compute=_cast,
        gradient=single(_cast_gradient),
        version=_cast_version,
        onnx="Cast",
        is_elementwise=True,
    )
)
