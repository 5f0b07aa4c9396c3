"""How a traced function runs: as one session, or in NumPy where the runtime has no kernel for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..ops import evaluate
from ..runtime import RuntimeFailure
from .random import draw_array
from .variable import Variable

if TYPE_CHECKING:
    from .concrete import Concrete

Array = NDArray[Any]
Runner = Callable[[Sequence[Array]], list[Array]]
_MISSING = ("RLT_ERROR_UNSUPPORTED_OP", "RLT_ERROR_UNSUPPORTED_TYPE")


def make_runner(function: Concrete) -> Runner:
    """A function from the arrays of the arguments to those of the results, which are the caller's.

    Raises:
        RuntimeFailure: the runtime refuses the graph for another reason than a missing kernel.
    """
    if not function.graph.ops and not function.graph.outputs:
        return lambda leaves: []
    try:
        function.session  # noqa: B018
    except RuntimeFailure as failure:
        if failure.status not in _MISSING:
            raise
        warnings.warn(f"function '{function.name}' runs in NumPy, slowly: {failure}", RuntimeWarning, stacklevel=4)
        return _numpy_runner(function)
    return _session_runner(function)


def _session_runner(function: Concrete) -> Runner:
    session = function.session
    places = {id(symbol): number for number, symbol in enumerate(function.model.main.inputs)}
    slots = [(session.inputs[places[id(t)]], i) for i, t in enumerate(function.arguments)]
    draws = [(session.inputs[places[id(t)]], draw) for draw, t in function.draws]
    memories = session.variables
    captured = [c for c in function.captured if c.name in memories]
    variables = [(c.variable, memories[c.name]) for c in captured]
    assigned = [(c.variable, memories[c.name]) for c in captured if c.is_assigned]
    seen = [-1] * len(variables)  # the version of each variable that the memory holds
    outputs, invoke = session.outputs, session.invoke

    lock = Lock()  # a session runs for one thread at a time

    def run(leaves: Sequence[Array]) -> list[Array]:
        with lock:
            for slot, number in slots:
                slot[...] = leaves[number]
            for slot, draw in draws:
                slot[...] = draw_array(draw.kind, draw.shape, draw.dtype, draw.options)
            for number, (variable, memory) in enumerate(variables):
                if variable.version != seen[number]:
                    variable.fetch(memory)
                    seen[number] = variable.version
            try:
                invoke()
            except RuntimeFailure:
                seen[:] = [-1] * len(seen)  # some variables may have changed before it
                raise
            for variable, memory in assigned:
                variable.live_in(memory)
            return [np.array(each) for each in outputs]

    return run


def _numpy_runner(function: Concrete) -> Runner:
    graph, names = function.model.main, [t.name for t in function.graph.outputs]
    store = _Store({c.name: c.variable for c in function.captured})

    def run(leaves: Sequence[Array]) -> list[Array]:
        values = {t.name: np.asarray(leaves[i]) for i, t in enumerate(function.arguments)}
        for draw, symbol in function.draws:
            values[symbol.name] = draw_array(draw.kind, draw.shape, draw.dtype, draw.options)
        results = evaluate(graph, values, variables=store, graphs=function.model.graphs)
        return [np.array(results[name]) for name in names]

    return run


class _Store(MutableMapping[str, Array]):
    """Variables as `evaluate` reads and writes them."""

    def __init__(self, variables: dict[str, Variable]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Array:
        return self._variables[name].numpy()

    def __setitem__(self, name: str, value: Array) -> None:
        self._variables[name].store(np.array(value))

    def __delitem__(self, name: str) -> None:
        del self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)
