"""A model as text, one op a line, for people and for tests."""

from __future__ import annotations

from dataclasses import fields

from .graph import Attrs, Graph, Model, Op, Tensor


def to_text(model: Model | Graph) -> str:
    """The ops of every graph: `%out: type[shape] = KIND(%in, ...) {attribute=value}  # source layer`."""
    graphs = model.graphs if isinstance(model, Model) else [model]
    return "\n".join(_graph_text(graph) for graph in graphs)


def _graph_text(graph: Graph) -> str:
    lines = [f"graph {graph.name}({', '.join(_declared(t) for t in graph.inputs)})"]
    lines += [f"  {_op_text(op)}" for op in graph.ops]
    lines.append(f"  return {', '.join('%' + t.name for t in graph.outputs)}")
    return "\n".join(lines)


def _op_text(op: Op) -> str:
    operands = ", ".join("none" if t is None else _used(t) for t in op.inputs)
    results = ", ".join(_declared(t) for t in op.outputs)
    text = f"{results} = {op.kind}({operands})"
    attrs = _attrs_text(op.attrs)
    if attrs:
        text += f" {{{attrs}}}"
    return text + (f"  # {op.source}" if op.source else "")


def _attrs_text(attrs: Attrs) -> str:
    shown = []
    for each in fields(attrs):
        value = getattr(attrs, each.name)
        if value != each.default:
            shown.append(f"{each.name}={getattr(value, 'name', value)}")
    return ", ".join(shown)


def _declared(tensor: Tensor) -> str:
    dims = ",".join("?" if d is None else str(d) for d in tensor.shape)
    return f"%{tensor.name}: {tensor.dtype.name.lower()}[{dims}]"


def _used(tensor: Tensor) -> str:
    if tensor.data is not None and tensor.data.size <= 8:
        return f"const {tensor.data.tolist()}"
    return f"%{tensor.name}" + ("(const)" if tensor.is_constant else "")
