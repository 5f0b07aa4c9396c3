"""Average pools of uint8 models, made to round as their uint8 kernels do once the model is int8.

A mean that lies halfway between two integers is rounded up by LiteRT's uint8 kernel and away from zero by its int8
kernel (reference/pooling.h, reference/integer_ops/pooling.h): they differ below zero. A pool over whole windows runs
as a depthwise convolution with equal weights instead, one over windows cut off by a border in float. Both raise
their means by less than the distance of any other mean to a halfway point.
"""

from __future__ import annotations

import numpy as np

from ..ir import Activation, DType, Graph, Op, Padding, Quantization, Tensor
from ..ops.conv_attrs import DepthwiseConv2DAttrs
from ..ops.opdef import opdef
from ..ops.pool_attrs import Pool2DAttrs
from .edit import is_quantized, same_quantization

_LARGEST_WINDOW = 256  # beyond it float sums are not exact enough
_WEIGHT = 64  # so large that the rounding inside a requantization is far smaller than what means are raised by
_LARGEST_WEIGHTS = 1 << 16


def round_half_up(graph: Graph) -> int:
    """Counts the pools rewritten; run it before values move to int8."""
    ops: list[Op] = []
    count = 0
    for op in graph.ops:
        found = _may_lie_halfway(op)
        ops += [op] if not found else _as_convolution(op) if _has_whole_windows(op) else _in_float(op)
        count += found
    graph.ops = ops
    return count


def _may_lie_halfway(op: Op) -> bool:
    if op.kind != "AVERAGE_POOL_2D" or op.inputs[0] is None or not isinstance(op.attrs, Pool2DAttrs):
        return False
    x, a = op.inputs[0], op.attrs
    size = a.filter_height * a.filter_width
    odd = size % 2 == 1 and a.padding is Padding.VALID
    plain = a.fused_activation_function is Activation.NONE
    return x.dtype is DType.UINT8 and is_quantized(x) and plain and not odd and size <= _LARGEST_WINDOW


def _has_whole_windows(op: Op) -> bool:
    x, a = op.inputs[0], op.attrs
    assert x is not None and isinstance(a, Pool2DAttrs)
    channels = x.shape[-1] if len(x.shape) == 4 else None
    small = channels is not None and a.filter_height * a.filter_width * channels <= _LARGEST_WEIGHTS
    return small and a.padding is Padding.VALID and same_quantization(x, op.outputs[0])


def _as_convolution(op: Op) -> list[Op]:
    """sum(64 x) / 64n, raised by 32 / 64n: half the distance of two means."""
    x, y, a = op.inputs[0], op.outputs[0], op.attrs
    assert x is not None and x.quantization is not None and isinstance(a, Pool2DAttrs)
    channels = x.shape[-1] or 0
    size = a.filter_height * a.filter_width
    scale = 1.0 / (_WEIGHT * size)
    weights = Tensor(
        f"{y.name}/weights",
        (1, a.filter_height, a.filter_width, channels),
        DType.INT8,
        Quantization.per_tensor(scale, 0),
        np.full((1, a.filter_height, a.filter_width, channels), _WEIGHT, np.int8),
        op.source,
    )
    bias = Tensor(
        f"{y.name}/raise",
        (channels,),
        DType.INT32,
        Quantization.per_tensor(scale * float(x.quantization.scale[0]), 0),
        np.full(channels, _WEIGHT // 2, np.int32),
        op.source,
    )
    attrs = DepthwiseConv2DAttrs(Padding.VALID, stride_w=a.stride_w, stride_h=a.stride_h)
    return [Op("DEPTHWISE_CONV_2D", [x, weights, bias], [y], attrs, source=op.source)]


def _in_float(op: Op) -> list[Op]:
    x, y, a = op.inputs[0], op.outputs[0], op.attrs
    assert x is not None and x.quantization is not None and isinstance(a, Pool2DAttrs)
    # Means of n integers are 1/n apart and halfway points at least 1/2n from those not on them.
    raise_by = float(x.quantization.scale[0]) / (4 * a.filter_height * a.filter_width)
    wide = Tensor(f"{y.name}/input", x.shape, DType.FLOAT32, source=y.source)
    mean = Tensor(f"{y.name}/mean", y.shape, DType.FLOAT32, source=y.source)
    raised = Tensor(f"{y.name}/raised", y.shape, DType.FLOAT32, source=y.source)
    step = Tensor(f"{y.name}/raise", (), DType.FLOAT32, data=np.array(raise_by, np.float32), source=y.source)
    return [
        Op("DEQUANTIZE", [x], [wide], opdef("DEQUANTIZE").attrs(), source=op.source),
        Op("AVERAGE_POOL_2D", [wide], [mean], a, source=op.source),
        Op("ADD", [mean, step], [raised], opdef("ADD").attrs(), source=op.source),
        Op("QUANTIZE", [raised], [y], opdef("QUANTIZE").attrs(), source=op.source),
    ]
