"""The graphs around a training graph: what gives the variables' values out, and what takes them in."""

from __future__ import annotations

from collections.abc import Mapping

from ..autodiff import variable
from ..ir import DType, Graph, Op
from ..ops import GraphBuilder
from ..ops.opdef import Array
from ..ops.variables import CallOnceAttrs


def save_graph(variables: Mapping[str, Array]) -> Graph:
    """Outputs: the variables' values, in order."""
    b = GraphBuilder(Graph("save"))
    for name, value in variables.items():
        handle = variable(b, name, value.shape, DType.of(value.dtype))
        b.output(b.op("READ_VARIABLE", [handle], name))
    return b.graph


def restore_graph(variables: Mapping[str, Array]) -> Graph:
    """Inputs: the values that the variables get, in order."""
    b = GraphBuilder(Graph("restore"))
    for name, value in variables.items():
        given = b.input(name, value.shape, DType.of(value.dtype))
        b.ops("ASSIGN_VARIABLE", [variable(b, name, given.shape, given.dtype), given])
    return b.graph


def initialize_first(graph: Graph, initializer: int) -> None:
    """Has graph number `initializer` run before the variables are used for the first time, as LiteRT does."""
    graph.ops.insert(0, Op("CALL_ONCE", [], [], CallOnceAttrs(init_subgraph_index=initializer)))
