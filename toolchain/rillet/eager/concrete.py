"""Concrete: one trace of a function, planned and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autodiff import schedule_updates
from ..flatbuffer import write_bytes
from ..ir import Model
from ..passes import optimize
from ..runtime import Plan, Session, Threads
from .nest import flatten, pack
from .runners import Runner, make_runner
from .state import executing
from .tensor import Tensor, TracedTensor, convert_to_tensor, enters_graph
from .trace import Captured, Trace

Array = NDArray[Any]


_threads = Threads(1)


def set_num_threads(count: int) -> None:
    """How many threads functions use that are planned from here on (1 at first); operators run eagerly use one."""
    global _threads
    _threads = Threads(count)


class Concrete:
    """A function for arguments of given shapes, as a graph; the session is made at the first call.

    Attributes:
        graph: what was traced. arguments: its inputs. captured: its variables.
    """

    def __init__(self, trace: Trace, name: str, arguments: Sequence[TracedTensor], results: Any, kept: Any) -> None:
        self.name, self.graph = name, trace.builder.graph
        self.arguments = [each.symbol for each in arguments]
        self.captured: list[Captured] = list(trace.captured.values())
        self.draws, self.called = trace.draws, trace.called
        self._session: Session | None = None
        self.results = results
        self._kept = kept  # arguments whose identity is part of the key
        made: dict[Any, int] = {}
        self._places: list[tuple[str, Any]] = []
        inputs = {symbol: number for number, symbol in enumerate(self.arguments)}
        for leaf in flatten(results):
            if not isinstance(leaf, TracedTensor):
                self._places.append(("value", leaf))
            elif leaf.symbol in inputs:
                self._places.append(("argument", inputs[leaf.symbol]))
            else:
                self._places.append(("output", made.setdefault(leaf.symbol, len(made))))
        self.graph.outputs = list(made)

    def __call__(self, leaves: Sequence[Array]) -> Any:
        """Runs it on the arrays of the arguments, in order; results are copies."""
        return self._pack(self._run(leaves), leaves)

    @cached_property
    def model(self) -> Model:
        """The traced graph and those it calls, optimized: inputs are the arguments, then random numbers."""
        model = Model([self.graph, *self.called])
        optimize(model)
        schedule_updates(self.graph)
        return model

    @property
    def session(self) -> Session:
        """The planned session.

        Raises:
            RuntimeFailure: the runtime has no kernel for an operator, or refuses its types.
        """
        if self._session is None:
            plan = Plan(write_bytes(self.model), threads=_threads.count)
            self._session = Session(plan, _threads)
        return self._session

    @cached_property
    def _run(self) -> Runner:
        return make_runner(self)

    def _pack(self, values: Sequence[Array], leaves: Sequence[Array]) -> Any:
        found = []
        for kind, what in self._places:
            if kind == "output":
                found.append(Tensor(values[what]))
            elif kind == "argument":
                found.append(Tensor(np.array(leaves[what])))
            else:
                found.append(what)
        return found[0] if self._is_single else pack(self.results, found)

    @cached_property
    def _is_single(self) -> bool:
        return not isinstance(self.results, (list, tuple, dict))


def trace_function(python_function: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Concrete:
    """Runs `python_function` on symbols in place of the tensors among its arguments."""
    trace = Trace(name)
    (symbols, named), arguments = trace_symbols(trace, (args, kwargs))
    with executing(trace, idle=False):
        results = _as_results(python_function(*symbols, **named))
        trace.finish()
    return Concrete(trace, name, arguments, results, (args, kwargs))


def trace_symbols(trace: Trace, structure: Any) -> tuple[Any, list[TracedTensor]]:
    """`structure` with an argument of `trace` in place of each tensor, array and TensorSpec; and these arguments."""
    arguments: list[TracedTensor] = []

    def symbols(value: Any) -> Any:
        if type(value) is dict:
            made = {key: symbols(value[key]) for key in sorted(value)}
            return {key: made[key] for key in value}
        if isinstance(value, (list, tuple)):
            parts = [symbols(each) for each in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if not enters_graph(value):
            return value
        name = getattr(value, "name", "") or f"argument_{len(arguments)}"
        argument = trace.argument(name, value.shape, value.dtype)
        arguments.append(argument)
        return argument

    return symbols(structure), arguments


def _as_results(results: Any) -> Any:
    leaves = [x if x is None or isinstance(x, (Tensor, str)) else convert_to_tensor(x) for x in flatten(results)]
    return pack(results, leaves)
