"""Which parameters train: a choice in words ("last:2", "bias", names) made tensors of a graph."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import DType, Graph, Op, RilletError, Tensor

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Operators that count as layers: their operand 1 are weights, operand 2 is a bias."""
_AFFINE = ("ADD", "SUB", "MUL", "PRELU")


@dataclass(frozen=True)
class Parameter:
    """A constant that may train.

    Attributes:
        tensor: the constant. op: its first reader. role: "weights", "bias" or "scale".
        layer: number of its layer: the weighted operator that it belongs to, counted from 0.
    """

    tensor: Tensor
    op: Op
    role: str
    layer: int


def parameters(graph: Graph) -> list[Parameter]:
    """All of them, in the order of their operators; a constant that several operators read belongs to the first."""
    found: dict[Tensor, Parameter] = {}
    layer = -1
    for op in graph.ops:
        layer += op.kind in WEIGHTED and _is_constant(op, 1)
        for index, tensor in enumerate(op.inputs):
            role = _role(op, index)
            if role and layer >= 0 and _is_constant(op, index) and tensor is not None and tensor not in found:
                found[tensor] = Parameter(tensor, op, role, layer)
    return list(found.values())


def select(graph: Graph, train: str | Sequence[str]) -> list[Parameter]:
    """The parameters that `train` names.

    Args:
        train: "all"; "last:K" for those of the last K layers; "bias" for all biases; or names of parameters or layers
            (the source layers' names), a list or with commas between.

    Raises:
        RilletError: the model has no parameters, K is not in range, or no parameter or layer is called so.
    """
    known = parameters(graph)
    if not known:
        raise RilletError(
            "nothing to train: the model has no constant weights of "
            f"{', '.join(WEIGHTED)}; prepare takes float32 and int8 models"
        )
    if train == "all":
        return known
    if train == "bias":
        return [p for p in known if p.role == "bias"] or _refuse("nothing to train: no layer of the model has a bias")
    if isinstance(train, str) and train.startswith("last:"):
        return _last(known, train.removeprefix("last:"))
    names = [n.strip() for n in train.split(",")] if isinstance(train, str) else list(train)
    chosen: list[Parameter] = []
    for name in names:
        chosen += [p for p in _named(known, name) if p not in chosen]
    return sorted(chosen, key=known.index)


def _last(known: list[Parameter], text: str) -> list[Parameter]:
    layers = known[-1].layer + 1
    if not text.isdecimal() or not 1 <= int(text) <= layers:
        _refuse(f"'last:{text}': the model has {layers} layers with weights; give last:1 to last:{layers}")
    return [p for p in known if p.layer >= layers - int(text)]


def _named(known: list[Parameter], name: str) -> list[Parameter]:
    found = [p for p in known if name in (p.tensor.name, p.op.source, p.op.where)]
    if found:
        return found
    names = list(dict.fromkeys(n for p in known for n in (p.op.source, p.op.where, p.tensor.name) if n))
    near = difflib.get_close_matches(name, names, 3, 0.4) or names[:8]
    return _refuse(
        f"no parameter or layer is called '{name}'; there are {', '.join(repr(n) for n in near)}, and the choices "
        "all, bias and last:K"
    )


def _role(op: Op, index: int) -> str:
    if op.kind in WEIGHTED:
        return {1: "weights", 2: "bias"}.get(index, "")
    if op.kind not in _AFFINE:
        return ""
    return "bias" if op.kind in ("ADD", "SUB") else "scale"


def _is_constant(op: Op, index: int) -> bool:
    """Whether an operand is a constant of numbers that may train; one of a single element is no parameter."""
    tensor = op.inputs[index] if index < len(op.inputs) else None
    if tensor is None or tensor.data is None or (op.kind in _AFFINE and tensor.size == 1):
        return False
    return tensor.dtype in (DType.FLOAT32, DType.INT8) or (
        tensor.dtype is DType.INT32 and tensor.quantization is not None
    )


def _refuse(text: str) -> list[Parameter]:
    raise RilletError(text)
