"""When parameters are updated: as early as may be, so that few gradients wait in memory."""

from __future__ import annotations

from ..ir import Graph, Op, Tensor
from ..ops.variables import variable_name
from .recomputation import CALLS, RANDOM

_VIEWS = ("READ_VARIABLE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS")  # their results may be the operand's bytes


def schedule_updates(graph: Graph) -> None:
    """Moves every `rillet.APPLY_*` up to where its operands are made and its variables' old values are read no more.

    The scalars that it needs (a learning rate, the number of the step) move up before it. Nothing moves past an op
    that touches the same variable, where one of the two writes it, nor past a call of another graph.
    """
    reads, writes = _touched(graph)
    last_touch: dict[str, int] = {}  # by variable: the place after which it may be written
    last_write: dict[str, int] = {}  # and after which it may be read
    made: dict[Tensor, int] = {}
    barrier = -1
    kept: list[Op] = []
    after: dict[int, list[Op]] = {}
    for op in graph.ops:
        read, written = reads[op], writes[op]
        if _moves(op):
            places = [made[t] for t in op.inputs if t in made]
            places += [last_write.get(name, -1) for name in read] + [last_touch.get(name, -1) for name in written]
            place = max([barrier if read or written else -1, *places])
            after.setdefault(place, []).append(op)
        else:
            place = len(kept)
            kept.append(op)
        made |= dict.fromkeys(op.outputs, place)
        for name in (*read, *written):
            last_touch[name] = max(place, last_touch.get(name, -1))
        last_write |= dict.fromkeys(written, place)
        if op.kind in CALLS:
            barrier = place
    graph.ops = [*after.get(-1, ())]
    for step, op in enumerate(kept):
        graph.ops += [op, *after.get(step, ())]


def _moves(op: Op) -> bool:
    """Updates, handles, and what gives scalars. Random numbers keep their order."""
    if op.kind.startswith("rillet.APPLY_"):
        return True
    return (
        op.kind not in CALLS and op.kind not in RANDOM and bool(op.outputs) and all(t.shape == () for t in op.outputs)
    )


def _touched(graph: Graph) -> tuple[dict[Op, set[str]], dict[Op, set[str]]]:
    """The variables that each op reads (by handle, or a value read before, or a view of it), and those it writes."""
    names = {op.outputs[0]: variable_name(op) for op in graph.ops if op.kind == "VAR_HANDLE"}
    handles = set(names)
    reads: dict[Op, set[str]] = {}
    writes: dict[Op, set[str]] = {}
    for op in graph.ops:
        is_write = not op.outputs  # ASSIGN_VARIABLE and updates give nothing out
        writes[op] = {names[t] for t in op.inputs if t in handles and is_write}
        reads[op] = {names[t] for t in op.inputs if t in names} - writes[op]
        source = op.inputs[0] if op.inputs else None
        if op.kind in _VIEWS and source in names:
            names[op.outputs[0]] = names[source]
    return reads, writes
