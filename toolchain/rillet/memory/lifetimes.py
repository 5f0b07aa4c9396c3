"""Which tensors need arena memory, from which step to which, and which may share it. The one statement of the rule.

Step i is op i. A value is alive from the op that makes it to the last op that reads it, both included, so an op's
results never overlap its operands. Graph inputs are alive from step 0. Graph outputs are alive to the end: one
virtual step after the last op. Constants stay in the file, variables in memory of their own, and strings, resources
and variants have no fixed size: none of these is placed. TensorFlow Lite Micro and rillet's C runtime keep
the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from ..ir import DType, Graph, Tensor

SHARES_BYTES = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Ops whose output is the bytes of input 0."""

IN_PLACE = frozenset(
    {
        "ABS",
        "ADD",
        "CEIL",
        "COS",
        "DIV",
        "ELU",
        "EXP",
        "FLOOR",
        "FLOOR_DIV",
        "FLOOR_MOD",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOG",
        "LOGICAL_AND",
        "LOGICAL_NOT",
        "LOGICAL_OR",
        "LOGISTIC",
        "MAXIMUM",
        "MINIMUM",
        "MUL",
        "NEG",
        "POW",
        "PRELU",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RELU_0_TO_1",
        "RELU_N1_TO_1",
        "ROUND",
        "RSQRT",
        "SIGN",
        "SIN",
        "SQRT",
        "SQUARE",
        "SQUARED_DIFFERENCE",
        "SUB",
        "TANH",
    }
)
"""Elementwise ops: element i of the output needs no other element of an operand of the same shape and element size."""

_NO_FIXED_SIZE = (DType.STRING, DType.RESOURCE, DType.VARIANT)


@dataclass
class Block:
    """Memory for one or more tensors that use the same bytes one after another (or at once, where a reshape).

    `first` and `last` are steps, both included; `bytes` is not rounded.
    """

    tensors: list[Tensor] = field(default_factory=list)
    bytes: int = 0
    first: int = 0
    last: int = 0


def lifetimes(graph: Graph, in_place: bool = True, keep_inputs: bool = False) -> list[Block]:
    """The blocks to place, in the order of their first step.

    Args:
        graph: unknown dimensions count as the file's start shape has them (`Tensor.start_shape`).
        in_place: lets elementwise ops write over an operand that dies there.
        keep_inputs: keeps graph inputs to the end, so that a run leaves them as they were.
    """
    block_of = _blocks_by_tensor(graph)
    end = len(graph.ops)
    reach: dict[int, tuple[int, int]] = {}

    def alive(tensor: Tensor | None, step: int) -> None:
        block = block_of.get(tensor) if tensor is not None else None
        if block is not None:
            first, last = reach.get(id(block), (step, step))
            reach[id(block)] = min(first, step), max(last, step)

    for tensor in graph.inputs:
        alive(tensor, 0)
        alive(tensor, end if keep_inputs else 0)
    for step, op in enumerate(graph.ops):
        for operand in (*op.inputs, *op.outputs):
            alive(operand, step)
    for tensor in graph.outputs:
        alive(tensor, end)
    blocks = list({id(block): block for block in block_of.values() if id(block) in reach}.values())
    for block in blocks:
        block.first, block.last = reach[id(block)]
    if in_place:
        _overwrite(graph, block_of)
        blocks = [block for block in blocks if block.tensors]
    return sorted(blocks, key=lambda block: block.first)


def is_placed(tensor: Tensor) -> bool:
    """Whether `tensor` takes arena memory."""
    return not tensor.is_constant and not tensor.is_variable and has_fixed_size(tensor)


def has_fixed_size(tensor: Tensor) -> bool:
    """Whether the bytes of a value follow from its shape."""
    return tensor.dtype not in _NO_FIXED_SIZE and not tensor.unranked


def start_bytes(tensor: Tensor) -> int:
    """Bytes of `tensor` in its start shape, packed as in a file."""
    return (prod(tensor.start_shape) * tensor.dtype.bits + 7) // 8


def _blocks_by_tensor(graph: Graph) -> dict[Tensor, Block]:
    block_of: dict[Tensor, Block] = {}
    for op in graph.ops:
        source = op.inputs[0] if op.inputs else None
        shares = op.kind in SHARES_BYTES and source is not None and is_placed(source)
        for tensor in (*op.inputs, *op.outputs):
            if tensor is None or not is_placed(tensor) or tensor in block_of:
                continue
            if shares and source is not None and tensor is op.outputs[0]:
                block = block_of[source]
            else:
                block = Block(bytes=start_bytes(tensor))
            block.tensors.append(tensor)
            block_of[tensor] = block
    for tensor in (*graph.inputs, *graph.outputs):
        if is_placed(tensor) and tensor not in block_of:
            block_of[tensor] = Block([tensor], start_bytes(tensor))
    return block_of


def _overwrite(graph: Graph, block_of: dict[Tensor, Block]) -> None:
    """Merges the block of an elementwise result into that of an operand which dies in the same step."""
    for step, op in enumerate(graph.ops):
        if op.kind not in IN_PLACE or len(op.outputs) != 1 or op.outputs[0] not in block_of:
            continue
        result = op.outputs[0]
        new = block_of[result]
        for operand in op.inputs:
            old = block_of.get(operand) if operand is not None else None
            if operand is None or old is None or old is new or not _same_layout(operand, result):
                continue
            if old.last == step and new.first == step and old.bytes == new.bytes:
                old.tensors += new.tensors
                old.last = new.last
                for tensor in new.tensors:
                    block_of[tensor] = old
                new.tensors = []
                break


def _same_layout(operand: Tensor, result: Tensor) -> bool:
    return operand.start_shape == result.start_shape and operand.dtype.bits == result.dtype.bits
