"""QuantizeLinear and DequantizeLinear: the parameters become Quantization records of tensors."""

from __future__ import annotations

import numpy as np

from ...ir import DType, Quantization, Tensor
from .emit import Emitter, values
from .node import Node, onnx_op

_STORED = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32)


@onnx_op("QuantizeLinear", since=10, notes="int8, uint8, int16; constant scale, per tensor or per axis")
def _quantize(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    dtype = node.need(2).dtype if node.get(2) is not None else node.attribute("output_dtype", DType.UINT8)
    parameters = _parameters(node, x, dtype)
    if x.data is not None:
        stored = emit.constant(parameters.quantize(values(x), dtype))
        stored.quantization = parameters
        return stored
    return emit.quantize(x, dtype, parameters)


@onnx_op("DequantizeLinear", since=10, notes="int8, uint8, int16, int32; constant scale, per tensor or per axis")
def _dequantize(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    parameters = _parameters(node, x, x.dtype)
    if x.data is not None:
        # The record stays with the real values, so that a quantized operator can take the stored ones back exactly.
        real = emit.constant(parameters.dequantize(values(x)), x.name)
        real.quantization = parameters
        return real
    if x.quantization is not None and not _equal(x.quantization, parameters):
        raise node.error("its scale or zero point is not the one that its input was quantized with")
    x.quantization = parameters
    return emit.op("DEQUANTIZE", [x])


def _parameters(node: Node, x: Tensor, dtype: DType) -> Quantization:
    if dtype not in _STORED:
        raise node.error(f"quantized values of {dtype.name} are not supported", "use int8, uint8 or int16")
    if node.attribute("block_size", 0):
        raise node.error("attribute block_size is not supported", "quantize per tensor or per axis")
    scale = node.constant(1, "scale").astype(np.float32)
    zero = node.constant(2, "zero point") if node.get(2) is not None else np.zeros(scale.shape, np.int64)
    if scale.size == 1:
        return Quantization(scale.reshape(1), zero.reshape(-1).astype(np.int64))
    axis = node.attribute("axis", 1) % len(x.shape)
    if scale.shape != (x.shape[axis],):
        raise node.error(f"its scale {scale.shape} does not fit axis {axis} of {x.shape}")
    return Quantization(scale, np.broadcast_to(zero.reshape(-1), scale.shape).astype(np.int64), axis)


def _equal(a: Quantization, b: Quantization) -> bool:
    return np.array_equal(a.scale, b.scale) and np.array_equal(a.zero_point, b.zero_point)
