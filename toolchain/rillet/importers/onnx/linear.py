"""Gemm and MatMul: FULLY_CONNECTED where the right-hand side is constant, BATCH_MATMUL elsewhere."""

from __future__ import annotations

import numpy as np

from ...ir import DType, Tensor
from .emit import Emitter, values
from .node import Node, onnx_op


@onnx_op("Gemm")
def _gemm(node: Node, emit: Emitter) -> Tensor:
    a, b, c = node.need(0), node.need(1), node.get(2)
    alpha, beta = float(node.attribute("alpha", 1.0)), float(node.attribute("beta", 1.0))
    a = emit.transpose(a, (1, 0)) if node.attribute("transA", 0) else a
    b = b if node.attribute("transB", 0) else emit.transpose(b, (1, 0))  # (out, in)
    _check_float(node, b)
    c = c if c is None or beta == 1 else emit.binary("MUL", c, beta)
    if not b.is_constant:
        y = emit.matmul(a, emit.transpose(b, (1, 0)))
        y = y if alpha == 1 else emit.binary("MUL", y, alpha)
        return y if c is None else emit.binary("ADD", y, c)
    b = b if alpha == 1 else emit.binary("MUL", b, alpha)
    units = b.static_shape[0]
    bias = _as_bias(emit, c, units)
    y = emit.fully_connected(a, b, bias)
    return y if c is None or bias is not None else emit.binary("ADD", y, c)


def _check_float(node: Node, x: Tensor) -> None:
    if x.dtype is not DType.FLOAT32:
        raise node.error(f"its type is {x.dtype.name}, rillet multiplies floats", "cast the operands to float")


def _as_bias(emit: Emitter, c: Tensor | None, units: int) -> Tensor | None:
    """`c` as a vector of `units`, or None where it differs by row or is not constant."""
    if c is None or not c.is_constant or (len(c.shape) == 2 and c.shape[0] != 1):
        return None
    return emit.constant(np.broadcast_to(values(c).reshape(-1), (units,)).copy(), c.name)


@onnx_op("MatMul")
def _matmul(node: Node, emit: Emitter) -> Tensor:
    a, b = node.need(0), node.need(1)
    _check_float(node, a)
    if len(b.shape) == 2 and b.is_constant and len(a.shape) >= 1:
        x = emit.reshape(a, (1, *a.static_shape)) if len(a.shape) == 1 else a
        y = emit.fully_connected(x, emit.transpose(b, (1, 0)), None)
        return emit.reshape(y, y.static_shape[1:]) if len(a.shape) == 1 else y
    x = emit.reshape(a, (1, *a.static_shape)) if len(a.shape) == 1 else a
    w = emit.reshape(b, (*b.static_shape, 1)) if len(b.shape) == 1 else b
    y = emit.matmul(x, w)
    shape = list(y.static_shape)
    if len(b.shape) == 1:
        del shape[-1]
    if len(a.shape) == 1:
        del shape[-1 if len(b.shape) == 1 else -2]
    return emit.reshape(y, shape)
