"""A traced function under a tape outside of it: one session forwards, one that repeats it and goes backwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .custom_gradient import record_own
from .nest import flatten
from .state import local
from .tape import GradientTape
from .tensor import Tensor, convert_to_tensor, enters_graph
from .variable import Variable

if TYPE_CHECKING:
    from .function import Function


def call_on_tape(function: Function, args: Any, kwargs: Any) -> Any:
    """Runs `function` and tells the tapes how gradients flow back through it.

    What draws random numbers or assigns variables cannot be repeated: it runs operator by operator.
    """
    leaves, concrete = function.find(args, kwargs)
    if concrete.draws or any(c.is_assigned for c in concrete.captured):
        return function.python_function(*args, **kwargs)
    tensors = [
        x if isinstance(x, Tensor) else Tensor(leaf) for x, leaf in zip(_arrays((args, kwargs)), leaves, strict=True)
    ]
    variables = [
        c.variable
        for c in concrete.captured
        if c.variable.dtype.kind == "f" and (c.variable.trainable or any(t.watches(c.variable) for t in local.tapes))
    ]
    operands = [*tensors, *(v.value() for v in variables)]
    results = concrete(leaves)

    def gradient(dys: list[Any]) -> Sequence[Any]:
        found: Sequence[Any] = _backward(function, variables)(args, kwargs, dys)
        return found

    record_own(gradient, operands, [y for y in flatten(results) if isinstance(y, Tensor)])
    return results


def _backward(function: Function, variables: Sequence[Variable]) -> Function:
    """The function from (args, kwargs, gradients of results) to gradients of the tensors in args and of `variables`."""
    key = tuple(id(v) for v in variables)
    if key not in function.backwards:

        def backward(args: Any, kwargs: Any, dys: list[Any]) -> list[Any]:
            tensors = [convert_to_tensor(x) for x in _arrays((args, kwargs))]
            floats = [x for x in tensors if x.dtype.kind == "f"]
            with GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*floats, *variables])
                results = function.python_function(*args, **kwargs)
            made = [y for y in flatten(results) if isinstance(y, (Tensor, Variable))]
            pairs = [(y, dy) for y, dy in zip(made, dys, strict=True) if y.dtype.kind == "f"]
            found = tape.gradient([y for y, _ in pairs], [*floats, *variables], [dy for _, dy in pairs])
            of_floats = {id(x): g for x, g in zip(floats, found, strict=False)}
            return [*(of_floats.get(id(x)) for x in tensors), *found[len(floats) :]]

        function.backwards[key] = type(function)(backward)
    return function.backwards[key]


def _arrays(structure: Any) -> list[Any]:
    """What enters the graph, in order."""
    return [x for x in flatten(structure) if enters_graph(x)]
