"""Constants of a graph made variables, and the graph that gives variables their first values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..ir import DType, Graph, RilletError, Shape, Tensor
from ..ops import GraphBuilder
from ..ops.opdef import Array
from ..ops.variables import declare, variable_name


def variable(b: GraphBuilder, name: str, shape: Shape, dtype: DType) -> Tensor:
    """The handle of a variable: that of the graph where it has one of that name, else a new one."""
    for op in b.graph.ops:
        if op.kind == "VAR_HANDLE" and variable_name(op) == name:
            return declare(op.outputs[0], shape, dtype)
    return declare(b.op("VAR_HANDLE", [], f"{name}/handle", shared_name=name), shape, dtype)


def make_variables(graph: Graph, constants: Sequence[Tensor]) -> list[Tensor]:
    """Makes constants of `graph` variables of their names, in place: who read the constant reads the variable.

    Returns:
        Their handles. The constants are the variables' first values.

    Raises:
        RilletError: one of them is no constant of the graph, or two have one name.
    """
    known = set(graph.tensors())
    lost = [t.name for t in constants if t not in known or not t.is_constant]
    if lost:
        raise RilletError(f"{lost} are no constants of graph '{graph.name}', so they cannot be made variables")
    if len({t.name for t in constants}) < len(constants):
        raise RilletError(f"constants of one name cannot be made variables: {sorted(t.name for t in constants)}")
    rest, graph.ops = graph.ops, []
    b = GraphBuilder(graph)
    handles = []
    for tensor in constants:
        b.source = tensor.source
        handles.append(variable(b, tensor.name, tensor.shape, tensor.dtype))
        value = b.op("READ_VARIABLE", [handles[-1]], f"{tensor.name}/value")
        for op in rest:
            op.inputs = [value if t is tensor else t for t in op.inputs]
        graph.outputs = [value if t is tensor else t for t in graph.outputs]
    graph.ops += rest
    return handles


def initializer(variables: Mapping[str, Array]) -> Graph:
    """A graph without inputs that assigns `variables`: what CALL_ONCE runs."""
    b = GraphBuilder(Graph("initialize"))
    for name, value in variables.items():
        constant = b.constant(value, name)
        b.ops("ASSIGN_VARIABLE", [variable(b, name, constant.shape, constant.dtype), constant])
    return b.graph
