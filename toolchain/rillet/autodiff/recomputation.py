"""Forward results that a backward pass computes again instead of keeping: time for memory.

Source of the idea of segments: Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isqrt
from typing import Literal

from ..ir import RECOMPUTED, DType, Graph, Op, RilletError, Tensor, UniqueNames
from .copying import copy_op

Recompute = Literal["segments", "all"] | Iterable[Op | Tensor]
"""What to compute again in the backward pass:

- ops, or tensors that they make: those;
- "segments": cuts the forward pass where little crosses, keeps what crosses, and computes each segment again as the
  backward pass reaches it: about one more forward pass. The number of segments is the one that needs least memory;
- "all": keeps nothing but the graph's inputs. Least memory, and time that grows with the square of the depth.

The last two do nothing where that would save nothing, as where only last layers train.
"""

_HANDLES = (DType.RESOURCE, DType.VARIANT)
RANDOM = ("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL")
CALLS = ("CALL", "CALL_ONCE", "IF", "WHILE", "STABLEHLO_COMPOSITE")


def recompute(graph: Graph, first: int, what: Recompute) -> None:
    """Makes ops from number `first` on, the backward pass, read results computed again. Same numbers, other memory.

    Ops on variables, random numbers and calls are never run twice.

    Raises:
        RilletError: one of `what` is not in the forward pass.
    """
    forward = graph.ops[:first]
    able = [op for op in forward if _is_repeatable(op)]
    if what == "all":
        everything = _rewritten(graph, first, dict.fromkeys(able, 0), is_kept=False)
        graph.ops = min(list(graph.ops), everything, key=lambda ops: peak_bytes(graph, ops))
    elif what == "segments":
        plans = [_segments(graph, forward, able, count) for count in range(1, 2 * isqrt(len(forward)) + 2)]
        candidates = [list(graph.ops), *(_rewritten(graph, first, plan, is_kept=True) for plan in plans)]
        graph.ops = min(candidates, key=lambda ops: peak_bytes(graph, ops))
    else:
        assert not isinstance(what, str), f"recompute='{what}' is neither 'segments' nor 'all'"
        chosen = _chosen(forward, what)
        graph.ops = _rewritten(graph, first, {op: 0 for op in able if op in chosen}, is_kept=True)


def peak_bytes(graph: Graph, ops: Sequence[Op]) -> int:
    """Bytes alive at the busiest step of `ops`, nothing sharing memory: good enough to compare orders of one graph."""
    last = {t: step for step, op in enumerate(ops) for t in (*op.inputs, *op.outputs) if t is not None}
    last |= dict.fromkeys(graph.outputs, len(ops))
    alive = sum(t.nbytes for t in graph.inputs if t in last)
    peak = alive
    for step, op in enumerate(ops):
        alive += sum(_bytes(t) for t in op.outputs)
        peak = max(peak, alive)
        touched = dict.fromkeys(t for t in (*op.inputs, *op.outputs) if t is not None)
        alive -= sum(_bytes(t) for t in touched if last[t] == step)
    return peak


def _bytes(tensor: Tensor) -> int:
    return 0 if tensor.is_constant or tensor.is_variable or tensor.dtype in _HANDLES else tensor.nbytes


def _is_repeatable(op: Op) -> bool:
    tensors = [t for t in (*op.inputs, *op.outputs) if t is not None]
    is_stateful = any(t.dtype in _HANDLES or t.is_variable for t in tensors)
    return bool(op.outputs) and not is_stateful and op.kind not in RANDOM and op.kind not in CALLS


def _chosen(forward: Sequence[Op], what: Iterable[Op | Tensor]) -> set[Op]:
    makers = {t: op for op in forward for t in op.outputs}
    known = set(forward)
    chosen = set()
    for each in what:
        op = makers.get(each) if isinstance(each, Tensor) else each
        if op is None or op not in known:
            raise RilletError(f"{each!r} cannot be computed again: it is no result of the forward pass")
        chosen.add(op)
    return chosen


def _segments(graph: Graph, forward: Sequence[Op], able: Iterable[Op], count: int) -> dict[Op, int]:
    """The ops to repeat, with the number of their segment: those whose results do not leave it.

    The backward pass begins with the last segment, whose results are still there: nothing of it is repeated.
    Segments are of about equal bytes. Each ends, within a quarter of its length, where the fewest bytes cross.
    """
    crossing = _crossing_bytes(forward)
    made = [sum(_bytes(t) for t in op.outputs) for op in forward]
    total, done, ends = sum(made), 0, list[int]()
    for step, size in enumerate(made):
        done += size
        if done * count >= total * (len(ends) + 1) and len(ends) < count - 1:
            reach = max(1, len(forward) // (4 * count))
            near = range(max(step - reach, ends[-1] + 1 if ends else 0), min(step + reach + 1, len(forward) - 1))
            ends.append(min(near, key=lambda at: (crossing[at], abs(at - step)), default=step))
    number, numbers = 0, {}
    for step, op in enumerate(forward):
        numbers[op] = number
        number += step in ends
    makers = {t: op for op in forward for t in op.outputs}
    leaving = {makers[t] for op in forward for t in op.inputs if t in makers and numbers[makers[t]] != numbers[op]} | {
        makers[t] for t in graph.outputs if t in makers
    }
    return {op: numbers[op] for op in able if op not in leaving and numbers[op] < number}


def _crossing_bytes(ops: Sequence[Op]) -> list[int]:
    """Bytes of results that are read after each step."""
    last = {t: step for step, op in enumerate(ops) for t in op.inputs if t is not None}
    crossing = [0] * len(ops)
    for made, op in enumerate(ops):
        for tensor in op.outputs:
            for step in range(made, last.get(tensor, made)):
                crossing[step] += _bytes(tensor)
    return crossing


def _rewritten(graph: Graph, first: int, repeated: Mapping[Op, Hashable], is_kept: bool) -> list[Op]:
    """The graph's ops, with copies of `repeated` ones right before the backward ops that first read them.

    `is_kept`: a result computed again serves all later readers; otherwise only those up to the next that needs
    something made earlier.
    """
    forward = graph.ops[:first]
    makers = {t: op for op in forward for t in op.outputs}
    place = {op: step for step, op in enumerate(forward)}
    names = UniqueNames(t.name for t in graph.tensors())
    copies: dict[Tensor, Tensor] = {}
    ops = list(forward)
    lowest = len(forward)

    def again(tensor: Tensor | None) -> None:
        """Appends what makes the copy of `tensor`, operands first."""
        waiting = [tensor]
        while waiting:
            maker = makers.get(waiting[-1]) if waiting[-1] is not None else None
            if maker is None or maker not in repeated or maker.outputs[0] in copies:
                waiting.pop()
                continue
            missing = [
                t for t in maker.inputs if t is not None and t not in copies and t in makers and makers[t] in repeated
            ]
            if missing:
                waiting += missing
                continue
            for made in maker.outputs:
                copies[made] = replace(made, name=names.unique(f"{RECOMPUTED}{made.name}"), extra=dict(made.extra))
            ops.append(copy_op(maker, copies))
            waiting.pop()

    for op in graph.ops[first:]:
        wanted = [t for t in op.inputs if t is not None and t in makers and makers[t] in repeated]
        highest = max((place[makers[t]] for t in wanted), default=lowest)
        if not is_kept and highest < lowest:
            copies.clear()
        lowest = min(lowest, highest)
        for tensor in wanted:
            again(tensor)
        ops.append(copy_op(op, copies) if wanted else op)
    return ops
