"""Rewrites an asymmetric uint8 model into int8: every stored value and zero point moves down by 128.

Real values do not change, so neither does what the model computes. Weights keep a zero point that is not 0
(rillet's int8 kernels take one; the int8 specification's kernels do not, so such a model is for rillet's
runtime, not for a file that others run). The interface stays uint8 behind QUANTIZE ops.
"""

from __future__ import annotations

import numpy as np

from ..ir import DType, Graph, Op, Quantization, Tensor, room_for
from ..ops.opdef import opdef
from .edit import is_quantized
from .uint8_pools import round_half_up

_SHIFT = 128
# LiteRT gives these operators' outputs the type of their inputs, whatever the file says.
_TAKES_TYPE = frozenset({"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"})
_CONVERTS = frozenset({"QUANTIZE", "DEQUANTIZE", "CAST"})


def uint8_to_int8(graph: Graph) -> int:
    """Counts the tensors that became int8; 0 for a graph that only has uint8 at its ends."""
    computing = [op for op in graph.ops if op.kind not in _CONVERTS]
    if not any(_is_uint8(t) for op in computing for t in (*op.inputs, *op.outputs)):
        return 0
    _correct_types(graph)
    round_half_up(graph)
    ends = set(graph.inputs) | set(graph.outputs)
    inner = [t for t in graph.tensors() if _is_uint8(t)]
    replaced: dict[Tensor, Tensor] = {}
    constants = [t.data for t in inner if t.data is not None]
    room, start = np.frombuffer(room_for(sum(data.nbytes for data in constants)), np.uint8), 0
    for tensor in inner:
        if tensor in ends:
            replaced[tensor] = _int8_twin(tensor)
            continue
        _shift(tensor)
        if tensor.data is not None:
            stored = room[start : start + tensor.data.nbytes].reshape(tensor.data.shape)
            np.bitwise_xor(tensor.data, np.uint8(_SHIFT), out=stored)  # the sign bit turned over: less 128
            tensor.data = stored.view(np.int8)
            start += stored.nbytes
    for op in graph.ops:
        op.inputs = [replaced.get(t, t) if t is not None else None for t in op.inputs]
        op.outputs = [replaced.get(t, t) for t in op.outputs]
    before = [_requantize(t, replaced[t]) for t in graph.inputs if t in replaced]
    after = [_requantize(replaced[t], t) for t in graph.outputs if t in replaced and t not in graph.inputs]
    graph.ops = [*before, *graph.ops, *after]
    return len(inner)


def _correct_types(graph: Graph) -> None:
    for op in graph.ops:
        if op.kind not in _TAKES_TYPE or not all(_is_uint8(t) for t in op.inputs):
            continue
        (output,) = op.outputs
        if output.dtype is DType.FLOAT32 and output.quantization is not None and output not in graph.outputs:
            output.dtype = DType.UINT8


def _is_uint8(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.dtype is DType.UINT8 and is_quantized(tensor)


def _shifted(quantization: Quantization) -> Quantization:
    q = quantization
    return Quantization(q.scale, q.zero_point - _SHIFT, q.axis, q.min, q.max, q.blockwise)


def _shift(tensor: Tensor) -> None:
    assert tensor.quantization is not None
    tensor.dtype = DType.INT8
    tensor.quantization = _shifted(tensor.quantization)


def _int8_twin(tensor: Tensor) -> Tensor:
    assert tensor.quantization is not None
    return Tensor(f"{tensor.name}/int8", tensor.shape, DType.INT8, _shifted(tensor.quantization), source=tensor.source)


def _requantize(x: Tensor, y: Tensor) -> Op:
    return Op("QUANTIZE", [x], [y], opdef("QUANTIZE").attrs(), source=y.source)
