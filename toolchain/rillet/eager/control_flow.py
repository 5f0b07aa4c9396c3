"""cond and while_loop: control flow that depends on tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..ir import DType, Op, RilletError
from ..ir import Tensor as Symbol
from ..ops import opdef
from .custom_gradient import record_own
from .nest import flatten, pack
from .state import local
from .tape import GradientTape, not_recording
from .tensor import Tensor, TensorError, TracedTensor, convert_to_tensor
from .trace import Branch, Trace
from .variable import Variable


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`true_fn()` where `pred` holds, else `false_fn()`.

    Eagerly just that. In a traced function both are traced, one of them runs; their results must have one structure,
    and the same shapes and dtypes. Gradients flow through the branch that ran.

    Args:
        pred: a bool, or a bool tensor of one element.

    Raises:
        RilletError: the branches' results do not match.
    """
    if not isinstance(pred, TracedTensor):
        return true_fn() if bool(pred) else false_fn()
    if pred.dtype != np.bool_ or pred.size != 1:
        raise TensorError(f"cond: the condition is {pred!r}, not one bool")
    parent = _current()
    branches = [Branch(name, parent) for name in ("then", "else")]
    with not_recording():
        structures = [b.trace(f) for b, f in zip(branches, (true_fn, false_fn), strict=True)]
    leaves = [[convert_to_tensor(x) for x in flatten(s)] for s in structures]
    _check_alike("cond: the branches give", leaves[0], leaves[1])
    changed = _changed(branches)
    for branch, results in zip(branches, leaves, strict=True):
        results += [branch.values[id(v)][1] if id(v) in branch.values else parent.read(v) for v in changed]
    for branch, results in zip(branches, leaves, strict=True):
        branch.builder.graph.outputs = [_output(branch, x) for x in results]
    outside = _share(branches)
    made = _append(
        parent, "IF", [pred, *outside], [(x.shape, x.symbol.dtype if isinstance(x, TracedTensor) else DType.of(x.dtype))
                                         for x in leaves[0]],
        then_subgraph_index=parent.call_graph(branches[0].builder.graph),
        else_subgraph_index=parent.call_graph(branches[1].builder.graph),
    )  # fmt: skip
    for variable, value in zip(changed, made[len(made) - len(changed) :], strict=True):
        local.executor.assign(variable, value)
    kept = made[: len(made) - len(changed)]
    if local.tapes and kept:
        reads = branches[0].reads | branches[1].reads
        for value in outside:
            if value.symbol in reads:
                for tape in local.tapes:
                    tape.record_read(reads[value.symbol], value)
        sources = [reads.get(x.symbol, x) for x in outside]

        def gradient(dys: list[Any]) -> Sequence[Any]:
            functions = [_derivative(f, sources, dys) for f in (true_fn, false_fn)]
            found: Sequence[Any] = cond(pred, *functions)
            return found

        record_own(gradient, outside, kept)
    return pack(structures[0], kept)


def while_loop(
    cond: Callable[..., Any],  # the names that TensorFlow has
    body: Callable[..., Any],
    loop_vars: Sequence[Any],
    maximum_iterations: int | None = None,
) -> Any:
    """loop_vars = body(*loop_vars) while cond(*loop_vars) holds.

    Eagerly a Python loop. In a traced function an operator, where a loop variable or the condition is traced: the loop
    variables keep their shapes and dtypes, and no gradient flows through it.

    Returns:
        The loop variables in the end, as a list.
    """
    state = [convert_to_tensor(x) for x in loop_vars]
    if not isinstance(local.executor, Trace):
        return _eager_loop(cond, body, state, maximum_iterations)
    if maximum_iterations is not None:
        inner_cond, inner_body = cond, body
        limit = Tensor(np.array(maximum_iterations, np.int32))

        def counted_cond(count: Any, *rest: Any) -> Any:
            return (count < limit) & inner_cond(*rest)

        def counted_body(count: Any, *rest: Any) -> Any:
            return [count + 1, *_as_list(inner_body(*rest))]

        return while_loop(counted_cond, counted_body, [Tensor(np.array(0, np.int32)), *state])[1:]
    parent = _current()
    changed: list[Variable] = []
    while True:  # once more for each variable that the body turns out to assign
        branches = [Branch("condition", parent), Branch("body", parent)]
        test, results = _trace_loop(branches, cond, body, state, changed)
        found = [v for v in _changed(branches) if not any(v is known for known in changed)]
        if not found:
            break
        changed += found
    if branches[0].values:
        raise RilletError("while_loop: the condition assigns a variable; do that in the body")
    start = [*state, *(parent.read(v) for v in changed)]
    results = [*results, *(branches[1].values[id(v)][1] for v in changed)]
    _check_alike("while_loop: the variables before and after the body are", start, results)
    branches[0].builder.graph.outputs = [_output(branches[0], test)]
    after = [_output(branches[1], x) for x in results]
    outside = _share(branches, len(start))
    branches[1].builder.graph.outputs = [*after, *branches[1].builder.graph.inputs[len(start) :]]
    operands = [*start, *outside]
    made = _append(
        parent, "WHILE", operands, [(x.shape, DType.of(x.dtype)) for x in operands],
        cond_subgraph_index=parent.call_graph(branches[0].builder.graph),
        body_subgraph_index=parent.call_graph(branches[1].builder.graph),
    )  # fmt: skip
    for variable, value in zip(changed, made[len(state) : len(start)], strict=True):
        local.executor.assign(variable, value)
    if local.tapes:
        record_own(_no_gradient, operands, made)
    return made[: len(state)]


def _trace_loop(
    branches: list[Branch], cond: Callable[..., Any], body: Callable[..., Any], state: list[Tensor],
    changed: list[Variable],
) -> tuple[Tensor, list[Tensor]]:  # fmt: skip
    """Traces condition and body over symbols for the state and for the variables that the body assigns."""
    found: list[Any] = []
    held: list[Any] = [*state, *changed]
    for branch, function in zip(branches, (cond, body), strict=True):
        symbols = [branch.argument(f"loop_{i}", x.shape, x.dtype) for i, x in enumerate(held)]
        for variable, symbol in zip(changed, symbols[len(state) :], strict=True):
            branch.values[id(variable)] = variable, symbol
        with not_recording():
            found.append(branch.trace(partial(function, *symbols[: len(state)])))
        if branch is branches[0]:
            branch.values = {k: v for k, v in branch.values.items() if not any(v[1] is s for s in symbols)}
    test = convert_to_tensor(found[0])
    if test.dtype != np.bool_ or test.size != 1:
        raise TensorError(f"while_loop: the condition gives {test!r}, not one bool")
    return test, [convert_to_tensor(x) for x in _as_list(found[1])]


def _eager_loop(cond: Callable[..., Any], body: Callable[..., Any], state: list[Tensor], limit: int | None) -> Any:
    count = 0
    while (limit is None or count < limit) and bool(cond(*state)):
        results = [convert_to_tensor(x) for x in _as_list(body(*state))]
        _check_alike("while_loop: the variables before and after the body are", state, results)
        state, count = results, count + 1
    return state


def _as_list(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (list, tuple)) else [results]


def _current() -> Trace:
    trace = local.executor
    assert isinstance(trace, Trace)
    return trace


def _changed(branches: Sequence[Branch]) -> list[Variable]:
    return list({key: v for b in branches for key, (v, _) in b.values.items()}.values())


def _share(branches: Sequence[Branch], first: int = 0) -> list[TracedTensor]:
    """Gives all graphs the same inputs after the `first`: what any of them reads from outside, in one order."""
    wanted = {symbol: value for b in branches for symbol, (value, _) in b.outside.items()}
    for branch in branches:
        for value in wanted.values():
            branch.outer("cond", value)
        graph = branch.builder.graph
        graph.inputs = [*graph.inputs[:first], *(branch.outside[symbol][1] for symbol in wanted)]
    return list(wanted.values())


def _output(branch: Branch, value: Tensor) -> Symbol:
    symbol = branch.symbol("cond", value)
    assert symbol is not None
    return symbol


def _append(trace: Trace, kind: str, operands: list[Any], results: list[Any], **attrs: Any) -> list[TracedTensor]:
    names = [trace.builder._names.unique(f"{kind.lower()}_result") for _ in results]
    outputs = [Symbol(name, tuple(shape), dtype) for name, (shape, dtype) in zip(names, results, strict=True)]
    inputs = [trace.symbol(kind, x) for x in operands]
    trace.builder.graph.ops.append(Op(kind, inputs, outputs, opdef(kind).attrs(**attrs), source=local.scope))
    return [TracedTensor(symbol, trace) for symbol in outputs]


def _check_alike(what: str, a: Sequence[Tensor], b: Sequence[Tensor]) -> None:
    first, second = ([(x.shape, x.dtype.name) for x in each] for each in (a, b))
    if first != second:
        raise RilletError(f"{what} {first} and {second}, which must be the same")


def _derivative(function: Callable[[], Any], sources: list[Any], dys: list[Any]) -> Callable[[], Any]:
    def derivative() -> Any:
        floats = [x for x in sources if x.dtype.kind == "f"]
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(floats)
            results = [convert_to_tensor(x) for x in flatten(function())]
        pairs = [(y, dy) for y, dy in zip(results, dys, strict=True) if y.dtype.kind == "f"]
        found = tape.gradient([y for y, _ in pairs], floats, [dy for _, dy in pairs], "zero")
        each = iter(found)
        return [next(each) if x.dtype.kind == "f" else convert_to_tensor(np.zeros(x.shape, x.dtype)) for x in sources]

    return derivative


def _no_gradient(dys: list[Any]) -> Sequence[Any]:
    raise RilletError("no gradient flows through a traced while_loop: unroll it with a Python loop")
