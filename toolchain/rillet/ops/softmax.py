"""SOFTMAX and LOG_SOFTMAX over the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, Tensor
from .gradient import GradientBuilder, Gradients, single
from .opdef import Array, OpDef, QuantRule, operand, register
from .rules import Results, present, same_as_input, versions


@dataclass
class SoftmaxAttrs(Attrs):
    beta: float = 1.0


def _infer_softmax(op: Op) -> Results:
    """As the input; an int8 input may have an int16 result, which only an existing output tensor can ask for."""
    x = operand(op, 0)
    is_wider = bool(op.outputs) and (x.dtype, op.outputs[0].dtype) == (DType.INT8, DType.INT16)
    return [(x.shape, DType.INT16 if is_wider else x.dtype)]


def _softmax(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    assert isinstance(op.attrs, SoftmaxAttrs)
    e = np.exp((x - x.max(axis=-1, keepdims=True)) * np.float32(op.attrs.beta))
    return [e / e.sum(axis=-1, keepdims=True)]


def _log_softmax(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    (x,) = present(arrays)
    x = x - x.max(axis=-1, keepdims=True)
    return [x - np.log(np.exp(x).sum(axis=-1, keepdims=True))]


def _softmax_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    y = op.outputs[0]
    assert isinstance(op.attrs, SoftmaxAttrs)
    dx = b.mul(y, b.sub(dy, b.sum(b.mul(dy, y), (-1,), keep_dims=True)))
    return [dx if op.attrs.beta == 1.0 else b.mul(dx, op.attrs.beta)]


def _log_softmax_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    return [b.sub(dy, b.mul(b.op("EXP", [op.outputs[0]]), b.sum(dy, (-1,), keep_dims=True)))]


# The fixed ranges are those of TFLite's int8 and int16 quantization specifications.
register(
    OpDef(
        kind="SOFTMAX",
        code=25,
        options="SoftmaxOptions",
        attrs=SoftmaxAttrs,
        infer=_infer_softmax,
        compute=_softmax,
        gradient=single(_softmax_gradient),
        quant=QuantRule(fixed_output=(1 / 256, -128), fixed_output_int16=(1 / 32768, 0)),
        version=versions(int8=2, int16=3),
        onnx="Softmax",
        keras="Softmax",
    )
)
register(
    OpDef(
        kind="LOG_SOFTMAX",
        code=50,
        options="LogSoftmaxOptions",
        infer=same_as_input,
        compute=_log_softmax,
        gradient=single(_log_softmax_gradient),
        quant=QuantRule(fixed_output=(16 / 256, 127)),
        version=versions(int8=2),
        onnx="LogSoftmax",
    )
)
