"""Random operators with int16 activations and int8 weights, for an emulated core."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rillet.ir import DType, Op, Quantization, Tensor
from rillet.ops import opdef
from tests.boards.random_ops import MOST_INPUT

Rng = np.random.Generator


def _symmetric(rng: Rng, name: str, shape: tuple[int, ...], scale: float) -> Tensor:
    return Tensor(name, shape, DType.INT16, Quantization.per_tensor(scale * float(rng.uniform(0.5, 2)), 0))


def draw_16(build: Callable[[Rng, DType], Op], number: int) -> Op:
    """The random int8 operator `number` of `build` as one of int16: symmetric, and with a 64-bit bias."""
    for attempt in range(100):
        rng = np.random.default_rng([number, attempt])
        op = build(rng, DType.INT8)
        for tensor in op.inputs:
            if tensor is None:
                continue
            if tensor.data is None:
                tensor.dtype, tensor.quantization = (
                    DType.INT16,
                    Quantization.per_tensor(float(rng.uniform(1, 4)) / 32768, 0),
                )
            elif tensor.quantization is not None:
                tensor.quantization.zero_point[...] = 0
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            op.inputs[1].data = np.maximum(op.inputs[1].data, -127)
        if len(op.inputs) == 3 and op.inputs[2] is not None:
            wide = op.inputs[2].data.astype(np.int64) * int(rng.choice([1, 300, 3000]))
            op.inputs[2] = Tensor("bias", wide.shape, DType.INT64, op.inputs[2].quantization, wide)
        ((shape, _),) = opdef(op.kind).infer(op)
        op.outputs = [_symmetric(rng, "output", shape, float(rng.choice([1, 8, 64])) / 32768)]
        if "POOL" in op.kind:
            op.outputs[0].quantization = op.inputs[0].quantization
        macs = opdef(op.kind).macs(op) if len(op.inputs) == 3 else 1
        if 0 < math.prod(op.inputs[0].shape) <= MOST_INPUT and macs is not None and 0 < macs < 100 * MOST_INPUT:
            return op
    raise AssertionError("no small shape drawn")
