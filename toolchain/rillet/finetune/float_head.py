"""The part of an integer model that trains, as float: from the first trained layer on.

What lies before keeps its integer kernels and so its exact numbers; where it meets the trained part stands a
DEQUANTIZE. Trained parameters are real values of the stored ones: float master weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..ir import DType, Graph, Op, Quantization, RilletError, Tensor
from ..ops import GraphBuilder
from .selection import Parameter

_CONVERTS = ("QUANTIZE", "DEQUANTIZE")


def float_head(graph: Graph, chosen: Sequence[Parameter]) -> tuple[list[Parameter], Quantization | None]:
    """Makes the ops that depend on parameters float, in place.

    Returns:
        The parameters, their tensors the new ones, and how the output was quantized if it was and is no more.

    Raises:
        RilletError: a tensor of the trained part has no scale.
    """
    head = _dependent(graph, chosen)
    quantization = graph.outputs[0].quantization if _is_stored(graph.outputs[0]) else None
    twins: dict[Tensor, Tensor] = {}
    made: list[Op] = []
    inside = {t for op in head for t in op.outputs}
    for op in graph.ops:
        if op in head:
            for index, tensor in enumerate(op.inputs):
                if tensor is None or tensor in inside or not _is_stored(tensor):
                    continue
                if tensor not in twins:
                    twins[tensor] = _constant_twin(tensor) if tensor.is_constant else _dequantized(tensor, made, op)
                op.inputs[index] = twins[tensor]
        made.append(op)
    graph.ops = made
    changed = [t for t in inside if _is_stored(t)]
    for tensor in changed:
        tensor.dtype, tensor.quantization = DType.FLOAT32, None
    for op in [o for o in graph.ops if o in head and o.kind in _CONVERTS]:
        source = op.inputs[0]
        assert source is not None
        graph.ops.remove(op)
        graph.replace(op.outputs[0], source)
    moved = [replace(p, tensor=twins.get(p.tensor, p.tensor)) for p in chosen]
    return moved, quantization if graph.outputs[0].dtype is DType.FLOAT32 else None


def quantize_output(graph: Graph, quantization: Quantization, dtype: DType) -> None:
    """Gives the output its integer type back."""
    b = GraphBuilder(graph)
    (output,) = graph.outputs
    b.source = output.source
    stored = b.op("QUANTIZE", [output], f"{output.name}/quantized")
    stored.dtype, stored.quantization = dtype, quantization
    graph.outputs = [stored]


def _dependent(graph: Graph, chosen: Sequence[Parameter]) -> set[Op]:
    """The ops that read a parameter, and those that read what they make."""
    touched = {p.tensor for p in chosen}
    found: set[Op] = set()
    for op in graph.ops:
        if any(t in touched for t in op.inputs):
            found.add(op)
            touched.update(op.outputs)
    return found


def _is_stored(tensor: Tensor) -> bool:
    """Whether a tensor holds integers that stand for real numbers."""
    quantization = tensor.quantization
    if not tensor.dtype.is_integer or quantization is None:
        return False
    if quantization.scale.size == 0 or quantization.blockwise is not None:
        raise RilletError(f"tensor '{tensor.name}' has no scale per tensor or channel: its layer cannot be trained")
    return True


def _constant_twin(tensor: Tensor) -> Tensor:
    assert tensor.data is not None and tensor.quantization is not None
    values = tensor.quantization.dequantize(tensor.data)
    return Tensor(tensor.name, tensor.shape, DType.FLOAT32, None, values, tensor.source)


def _dequantized(tensor: Tensor, ops: list[Op], reader: Op) -> Tensor:
    """A DEQUANTIZE appended to `ops`."""
    real = Tensor(f"{tensor.name}/real", tensor.shape, DType.FLOAT32, source=tensor.source)
    ops.append(Op("DEQUANTIZE", [tensor], [real], source=reader.source))
    return real
