"""FULLY_CONNECTED: input (..., in), weights (out, in), optional bias (out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..ir import Activation, Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, activated, single
from .opdef import Array, OpDef, QuantRule, ShapeError, operand, register
from .rules import Results, activate, filters, product


class WeightsFormat(IntEnum):
    DEFAULT = 0
    SHUFFLED4X16INT8 = 1


@dataclass
class FullyConnectedAttrs(Attrs):
    fused_activation_function: Activation = Activation.NONE
    weights_format: WeightsFormat = WeightsFormat.DEFAULT
    keep_num_dims: bool = False
    asymmetric_quantize_inputs: bool = False
    quantized_bias_type: DType = DType.FLOAT32


def _infer(op: Op) -> Results:
    x, w = operand(op, 0), operand(op, 1)
    assert isinstance(op.attrs, FullyConnectedAttrs)
    units, depth = filters(op, 1, 2, "out, in")
    if op.attrs.keep_num_dims:
        if not x.shape or x.shape[-1] not in (depth, None):
            raise ShapeError(f"FULLY_CONNECTED '{op.where}': rows of input {x.shape} do not fit weights {w.shape}")
        return [((*x.shape[:-1], units), x.dtype)]
    # Otherwise the input is flattened: everything that does not fill a row of weights counts as batch.
    total = product(x.shape)
    if total is not None and total % depth:
        raise ShapeError(f"FULLY_CONNECTED '{op.where}': input {x.shape} does not divide into rows of {depth} values")
    rest = product(x.shape[1:])
    batch = total // depth if total is not None else x.shape[0] if rest == depth else None
    return [((batch, units), x.dtype)]


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    x, w, bias = (*arrays, None)[:3]
    assert x is not None and w is not None and isinstance(op.attrs, FullyConnectedAttrs)
    y = x.reshape(-1, w.shape[1]) @ w.T
    if bias is not None:
        y = y + bias
    if op.attrs.keep_num_dims:
        y = y.reshape(*x.shape[:-1], w.shape[0])
    return [activate(y, op.attrs.fused_activation_function)]


def _gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Products of the matrices that the operands are when flattened."""
    x, w = operand(op, 0), operand(op, 1)
    units, depth = w.static_shape
    rows = product(x.shape)
    batch = None if rows is None else rows // depth
    dy = b.reshape(dy, (batch, units))
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    # The input's gradient comes last: its memory may be that of the input, which no one reads any more.
    db = None if bias is None else b.sum(dy, (0,))
    dw = b.matmul(dy, b.reshape(x, (batch, depth)), adj_x=True)
    return [b.reshape_like(b.matmul(dy, w), x), dw, db]


def _macs(op: Op) -> int:
    return op.outputs[0].size * operand(op, 1).static_shape[1]


def _version(op: Op) -> int:
    """From the table in LiteRT's op_version.cc."""
    x, w, attrs = operand(op, 0).dtype, operand(op, 1), op.attrs
    assert isinstance(attrs, FullyConnectedAttrs)
    is_hybrid = x is DType.FLOAT32 and w.dtype in (DType.INT8, DType.INT4)
    is_per_axis = w.quantization is not None and w.quantization.is_per_axis
    rules = (
        (14, w.dtype is DType.INT2),
        (13, x is DType.INT16 and w.dtype is DType.INT4),
        (12, is_hybrid and w.dtype is DType.INT8 and is_per_axis),
        (11, x is DType.INT16 and attrs.quantized_bias_type is not DType.FLOAT32),
        (8, w.sparsity is not None),
        (7, x is DType.INT16),
        (6, len(op.inputs) == 2),
        (5, attrs.keep_num_dims),
        (10, x is DType.INT8 and w.dtype is DType.INT4),
        (4, x is DType.INT8),
        (9, is_hybrid and attrs.asymmetric_quantize_inputs),
        (3, is_hybrid),
        (2, attrs.weights_format != WeightsFormat.DEFAULT),
    )
    return next((version for version, applies in rules if applies), 1)


register(
    OpDef(
        kind="FULLY_CONNECTED",
        code=9,
        options="FullyConnectedOptions",
        attrs=FullyConnectedAttrs,
        infer=_infer,
        compute=_compute,
        gradient=activated(single(_gradient)),
        macs=_macs,
        quant=QuantRule(weight=1, weight_axis=0, bias=2),
        version=_version,
        onnx="Gemm",
        keras="Dense",
    )
)
