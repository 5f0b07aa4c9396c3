"""Average pools of uint8 models, made to round as their uint8 kernels do once the model is int8.

A mean that lies halfway between two integers is rounded up by LiteRT's uint8 kernel and away from zero by its int8
kernel (reference/pooling.h, reference/integer_ops/pooling.h): they differ below zero. The pool runs in float instead,
and its means are raised by less than the distance of any other mean to a halfway point.
"""

from __future__ import annotations

import numpy as np

from ..ir import Activation, DType, Graph, Op, Padding, Tensor
from ..ops.opdef import opdef
from ..ops.pool_attrs import Pool2DAttrs
from .edit import is_quantized

_LARGEST_WINDOW = 256  # beyond it float sums are not exact enough


def round_half_up(graph: Graph) -> int:
    """Counts the pools rewritten; run it before `uint8_to_int8`."""
    ops: list[Op] = []
    for op in graph.ops:
        ops += _in_float(op) if _may_lie_halfway(op) else [op]
    count = (len(ops) - len(graph.ops)) // 3
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
