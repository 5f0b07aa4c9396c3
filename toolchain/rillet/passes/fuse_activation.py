"""Fuses RELU, RELU6 and RELU_N1_TO_1 into the op that makes their input."""

from __future__ import annotations

from ..ir import Activation, Graph, Op
from .edit import Uses, activation, is_quantized, remove_ops, same_quantization, with_attrs

_CLAMPS = {"RELU": Activation.RELU, "RELU6": Activation.RELU6, "RELU_N1_TO_1": Activation.RELU_N1_TO_1}
# The schema gives CONCATENATION, L2_NORMALIZATION and the recurrent ops the field too; their kernels refuse or
# mean something else by it.
_FUSING = frozenset(
    {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "TRANSPOSE_CONV",
        "FULLY_CONNECTED",
        "ADD",
        "SUB",
        "MUL",
        "DIV",
        "AVERAGE_POOL_2D",
        "MAX_POOL_2D",
    }
)


def fuse_activation(graph: Graph) -> int:
    """conv then RELU becomes a conv that clamps. Quantized: only where RELU keeps scale and zero point."""
    uses = Uses(graph)
    fused: list[Op] = []
    for op in graph.ops:
        clamp = _CLAMPS.get(op.kind)
        x = op.inputs[0] if clamp is not None else None
        producer = uses.producer(x)
        if x is None or producer is None or producer.kind not in _FUSING or uses.only_reader(x) is not op:
            continue
        if activation(producer) is not Activation.NONE:
            continue
        if (is_quantized(x) or x.dtype.is_integer) and not same_quantization(x, op.outputs[0]):
            continue
        producer.attrs = with_attrs(producer, fused_activation_function=clamp)
        producer.outputs = op.outputs
        uses.producers[op.outputs[0]] = producer
        fused.append(op)
    remove_ops(graph, fused)
    return len(fused)
