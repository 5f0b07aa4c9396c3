"""Emitter: builds TFLite operators, computing at once what depends on constants alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...ir import DType, Graph, Quantization, Tensor
from ...ops import GraphBuilder, evaluate_op, opdef
from ...passes.layout import TO_NCHW, TO_NHWC, moved_axis

_WIDER = {
    DType.INT8: DType.INT32,
    DType.UINT8: DType.INT32,
    DType.INT16: DType.INT32,
    DType.UINT16: DType.INT32,
    DType.UINT32: DType.INT64,
    DType.UINT64: DType.INT64,
}
_ARITHMETIC = frozenset(
    {
        "ABS",
        "ADD",
        "ARG_MAX",
        "ARG_MIN",
        "CUMSUM",
        "DIV",
        "EQUAL",
        "FLOOR_MOD",
        "GREATER",
        "GREATER_EQUAL",
        "LESS",
        "LESS_EQUAL",
        "MAXIMUM",
        "MEAN",
        "MINIMUM",
        "MUL",
        "NEG",
        "NOT_EQUAL",
        "POW",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "REDUCE_PROD",
        "SIGN",
        "SQUARED_DIFFERENCE",
        "SUB",
        "SUM",
    }
)


class Emitter:
    """Appends operators to `graph`; an operator whose inputs are all constant becomes a constant instead."""

    def __init__(self) -> None:
        self._builder = GraphBuilder()

    @property
    def graph(self) -> Graph:
        return self._builder.graph

    @property
    def source(self) -> str:
        """Name of the ONNX node that the next operators come from."""
        return self._builder.source

    @source.setter
    def source(self, name: str) -> None:
        self._builder.source = name

    def input(self, name: str, shape: tuple[int, ...], dtype: DType) -> Tensor:
        return self._builder.input(name, shape, dtype)

    def constant(self, values: ArrayLike, name: str = "") -> Tensor:
        """A constant; Python floats become float32, Python ints int32."""
        return self._builder.constant(values, name)

    def like(self, value: float, x: Tensor) -> Tensor:
        """A scalar constant of `x`'s type."""
        return self.constant(np.array(value, x.dtype.numpy))

    def op(self, kind: str, inputs: Sequence[Tensor | None], **attrs: Any) -> Tensor:
        """One operator with one output."""
        return self.ops(kind, inputs, **attrs)[0]

    def ops(self, kind: str, inputs: Sequence[Tensor | None], **attrs: Any) -> list[Tensor]:
        """One operator with any number of outputs."""
        wide = _WIDER.get(next((t.dtype for t in inputs if t is not None), DType.FLOAT32))
        if kind in _ARITHMETIC and wide is not None and not any(t and t.quantization for t in inputs):
            return self._in_wider_type(kind, inputs, wide, **attrs)
        outputs = self._builder.ops(kind, inputs, **attrs)
        if inputs and all(t is None or t.is_constant for t in inputs) and kind not in ("QUANTIZE", "DEQUANTIZE"):
            made = self.graph.ops.pop()
            arrays = [None if t is None else t.data for t in inputs]
            for tensor, array in zip(outputs, evaluate_op(made, arrays), strict=True):
                tensor.data, tensor.shape = array, array.shape
        self._keep_scales(kind, inputs, outputs)
        return outputs

    def _keep_scales(self, kind: str, inputs: Sequence[Tensor | None], outputs: list[Tensor]) -> None:
        """Moving stored values, or real constants that were stored once, does not change their scale."""
        rule = opdef(kind).quant
        source = next((t for t in inputs if t is not None and t.quantization is not None), None)
        if rule is not None and rule.same_scale and source is not None and source.quantization is not None:
            for tensor in outputs:
                if tensor.dtype is source.dtype and not source.quantization.is_per_axis:
                    tensor.quantization = source.quantization

    def _in_wider_type(self, kind: str, inputs: Sequence[Tensor | None], wide: DType, **attrs: Any) -> list[Tensor]:
        """TFLite takes narrow integers for quantized values: plain ones are computed in a wider type, wrapping back."""
        narrow = next(t.dtype for t in inputs if t is not None)
        cast = [self.cast(t, wide) if t is not None and t.dtype is narrow else t for t in inputs]
        return [self.cast(t, narrow) if t.dtype is wide else t for t in self.ops(kind, cast, **attrs)]

    def unary(self, kind: str, x: Tensor, **attrs: Any) -> Tensor:
        return self.op(kind, [x], **attrs)

    def binary(self, kind: str, x: Tensor, y: Tensor | float) -> Tensor:
        """Elementwise operator of `x` and a tensor or a number (taken as `x`'s type)."""
        return self.op(kind, [x, y if isinstance(y, Tensor) else self.like(y, x)])

    def transpose(self, x: Tensor, perm: Sequence[int]) -> Tensor:
        if tuple(perm) == tuple(range(len(x.shape))):
            return x
        y = self.op("TRANSPOSE", [x, self.constant(np.array(perm, np.int32))])
        y.quantization = moved_axis(x.quantization, tuple(perm))
        return y

    def to_nhwc(self, x: Tensor) -> Tensor:
        return self.transpose(x, TO_NHWC)

    def to_nchw(self, x: Tensor) -> Tensor:
        return self.transpose(x, TO_NCHW)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """`x` under another shape (no -1); `x` itself where that is its shape already."""
        if tuple(shape) == x.static_shape:
            return x
        target = tuple(int(d) for d in shape)
        y = self.op("RESHAPE", [x, self.constant(np.array(target, np.int32))], new_shape=target)
        record = x.quantization
        if record is not None and record.is_per_axis and record.axis == 0 and target[0] == x.shape[0]:
            y.quantization = record  # filters with one spatial axis get a second
        return y

    def quantize(self, x: Tensor, dtype: DType, parameters: Quantization) -> Tensor:
        """`x` stored as `dtype`."""
        y = self.op("QUANTIZE", [x])
        y.dtype, y.quantization = dtype, parameters
        return y

    def cast(self, x: Tensor, dtype: DType) -> Tensor:
        if x.dtype is dtype:
            return x
        return self.op("CAST", [x], in_data_type=x.dtype, out_data_type=dtype)

    def slice(self, x: Tensor, begin: Sequence[int], size: Sequence[int]) -> Tensor:
        """`size` elements of every axis from `begin` on."""
        if tuple(size) == x.static_shape:
            return x
        return self.op("SLICE", [x, self.constant(np.array(begin, np.int32)), self.constant(np.array(size, np.int32))])

    def gather(self, x: Tensor, indices: ArrayLike, axis: int) -> Tensor:
        """Elements of one axis by constant, non-negative indices (a scalar index drops the axis)."""
        return self.op("GATHER", [x, self.constant(np.asarray(indices, np.int32))], axis=axis, batch_dims=0)

    def pad(self, x: Tensor, pads: Sequence[tuple[int, int]], value: float = 0.0) -> Tensor:
        """`x` with `value` before and after each axis."""
        if not any(before or after for before, after in pads):
            return x
        amounts = self.constant(np.array(pads, np.int32))
        if value == 0:
            return self.op("PAD", [x, amounts])
        return self.op("PADV2", [x, amounts, self.like(value, x)])

    def reduce(self, kind: str, x: Tensor, axes: Sequence[int], keep_dims: bool = True) -> Tensor:
        """MEAN, SUM, REDUCE_MAX and their like over `axes`."""
        return self.op(kind, [x, self.constant(np.array(axes, np.int32))], keep_dims=keep_dims)

    def broadcast_to(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        if x.is_constant:
            return self.constant(np.broadcast_to(np.asarray(x.data), tuple(shape)).copy())
        if tuple(shape) == x.static_shape:
            return x
        return self.op("BROADCAST_TO", [x, self.constant(np.array(shape, np.int32))])

    def clamp(self, x: Tensor, low: float, high: float) -> Tensor:
        """`x` limited to [low, high] (infinite: no limit), as the fused activations where it is one of them."""
        kinds = {(0.0, np.inf): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}
        if x.dtype is DType.FLOAT32 and (low, high) in kinds:
            return self.unary(kinds[low, high], x)
        # In ONNX the upper limit wins where the two are the wrong way round: it comes last.
        x = x if low == -np.inf else self.binary("MAXIMUM", x, low)
        return x if high == np.inf else self.binary("MINIMUM", x, high)

    def fully_connected(self, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
        """`x` (..., in) times constant `weights` (out, in) plus `bias` (out)."""
        inputs = [x, weights] if bias is None else [x, weights, bias]
        return self.op("FULLY_CONNECTED", inputs, keep_num_dims=len(x.shape) != 2)

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        """Batched product of tensors with at least two dimensions."""
        return self.op("BATCH_MATMUL", [x, y])


def values(x: Tensor) -> NDArray[Any]:
    """The data of a tensor known to be constant."""
    assert x.data is not None
    return np.asarray(x.data)
