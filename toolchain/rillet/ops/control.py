"""Operators that call other graphs of the model: IF, WHILE, STABLEHLO_COMPOSITE.

`evaluate` runs the graphs that `called_graphs` names; the definitions here say the rest. What IF and a composite give
out stands in the graphs they call, not in the operator: its outputs must be there before their shapes are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Graph, Op, RilletError
from .opdef import Array, NotDifferentiable, OpDef, ShapeError, operand, register
from .rules import Results


@dataclass
class WhileAttrs(Attrs):
    cond_subgraph_index: int = 0
    body_subgraph_index: int = 0


@dataclass
class IfAttrs(Attrs):
    then_subgraph_index: int = 0
    else_subgraph_index: int = 0


@dataclass
class CompositeAttrs(Attrs):
    name: str = ""
    decomposition_subgraph_index: int = 0
    composite_attributes: bytes = b""
    composite_attributes_format: int = 0
    version: int = 0


Call = Callable[[Graph, Sequence[Array]], list[Array]]
"""Runs a graph on arrays in the order of its inputs; gives its outputs in order."""


def called_graphs(op: Op) -> tuple[int, ...]:
    """Numbers of the graphs that `op` calls; none for other operators."""
    if isinstance(op.attrs, WhileAttrs):
        return op.attrs.cond_subgraph_index, op.attrs.body_subgraph_index
    if isinstance(op.attrs, IfAttrs):
        return op.attrs.then_subgraph_index, op.attrs.else_subgraph_index
    if isinstance(op.attrs, CompositeAttrs):
        return (op.attrs.decomposition_subgraph_index,)
    return ()


def run_called(op: Op, arrays: Sequence[Array | None], graphs: Sequence[Graph], call: Call) -> list[Array]:
    """What an operator that calls graphs gives out.

    Raises:
        RilletError: a graph that it calls is not among `graphs`, or an operand is absent.
    """
    if any(not 0 < number < len(graphs) for number in called_graphs(op)):
        raise RilletError(f"{op.kind} '{op.where}' calls graphs {called_graphs(op)} of {len(graphs)}")
    chosen = [graphs[number] for number in called_graphs(op)]
    values = [a for a in arrays if a is not None]
    if len(values) < len(arrays):
        raise RilletError(f"{op.kind} '{op.where}' lacks an operand")
    if op.kind == "IF":
        return call(chosen[0 if values[0].item() else 1], values[1:])
    if op.kind == "WHILE":
        while call(chosen[0], values)[0].item():
            values = call(chosen[1], values)
        return values
    return call(chosen[0], values)


def _infer_while(op: Op) -> Results:
    tensors = [operand(op, i) for i in range(len(op.inputs))]
    return [(t.shape, t.dtype) for t in tensors]


def _infer_from_outputs(op: Op) -> Results:
    if not op.outputs:
        raise ShapeError(f"{op.kind} '{op.where}': its outputs are those of the graph it calls, and must be given")
    if op.kind == "IF" and (operand(op, 0).dtype is not DType.BOOL or np.prod(operand(op, 0).static_shape) != 1):
        raise ShapeError(f"IF '{op.where}': the condition is {operand(op, 0)!r}, not one BOOL")
    return [(t.shape, t.dtype) for t in op.outputs]


def _needs_graphs(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    raise RilletError(f"{op.kind} '{op.where}' calls graphs: it has a meaning within a model only")


_NO_GRADIENT = NotDifferentiable("it calls another graph", is_refused=True)

register(
    OpDef(
        kind="IF",
        code=118,
        options="IfOptions",
        attrs=IfAttrs,
        infer=_infer_from_outputs,
        compute=_needs_graphs,
        gradient=_NO_GRADIENT,
    )
)
register(
    OpDef(
        kind="WHILE",
        code=119,
        options="WhileOptions",
        attrs=WhileAttrs,
        infer=_infer_while,
        compute=_needs_graphs,
        gradient=_NO_GRADIENT,
    )
)
register(
    OpDef(
        kind="STABLEHLO_COMPOSITE",
        code=206,
        options="StableHLOCompositeOptions",
        attrs=CompositeAttrs,
        infer=_infer_from_outputs,
        compute=_needs_graphs,
        gradient=_NO_GRADIENT,
    )
)
