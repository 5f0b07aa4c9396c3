"""Turns zero PAD followed by a VALID convolution into one SAME convolution, where that pads alike."""

from __future__ import annotations

import numpy as np

from ..ir import Graph, Op, Padding, Tensor
from ..ops.window import pad_before
from .edit import is_quantized, same_quantization, with_attrs

_CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})


def fuse_pad(graph: Graph) -> int:
    """PAD + VALID conv == SAME conv, if SAME would put exactly those rows and columns there; the PAD may stay dead."""
    producers = graph.producers()
    count = 0
    for op in graph.ops:
        if op.kind not in _CONVOLUTIONS or getattr(op.attrs, "padding", None) is not Padding.VALID:
            continue
        pad = producers.get(op.inputs[0]) if op.inputs[0] is not None else None
        source = _zero_padded(pad)
        if pad is None or source is None or not _pads_alike(op, source, pad):
            continue
        op.inputs[0] = source
        op.attrs = with_attrs(op, padding=Padding.SAME)
        count += 1
    return count


def _zero_padded(pad: Op | None) -> Tensor | None:
    """The input of a PAD that fills with (quantized) zeros, else None."""
    if pad is None or pad.kind not in ("PAD", "PADV2") or pad.inputs[0] is None or pad.inputs[1] is None:
        return None
    x = pad.inputs[0]
    if pad.kind == "PADV2":
        fill = pad.inputs[2]
        zero = int(x.quantization.zero_point[0]) if is_quantized(x) and x.quantization else 0
        if fill is None or fill.data is None or (fill.data != zero).any():
            return None
    return x if same_quantization(x, pad.outputs[0]) else None


def _pads_alike(op: Op, x: Tensor, pad: Op) -> bool:
    amounts = pad.inputs[1].data if pad.inputs[1] is not None else None
    weight = op.inputs[1]
    if amounts is None or weight is None or len(x.shape) != 4 or x.shape[1] is None or x.shape[2] is None:
        return False
    a, kernel = op.attrs, weight.static_shape
    wanted = [(0, 0)]
    for axis, letter in ((1, "h"), (2, "w")):
        size, stride = x.shape[axis], getattr(a, f"stride_{letter}")
        dilation = getattr(a, f"dilation_{letter}_factor")
        assert size is not None
        wanted.append(pad_before(size, kernel[axis], stride, dilation, Padding.SAME))
        if op.outputs[0].shape[axis] != -(-size // stride):
            return False
    return np.array_equal(amounts, [*wanted, (0, 0)])
