"""The tracing executor: operators become a graph, variables its resources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Graph, RilletError, Shape
from ..ir import Tensor as Symbol
from ..ops import GraphBuilder
from ..ops.variables import declare
from .executor import EAGER, Handle, operand
from .prepared import prepare
from .state import executing, local
from .tensor import Tensor, TracedTensor
from .variable import Variable


@dataclass
class Captured:
    """A variable in a graph: `handle`, its value as of the last op (None: read it again), whether the graph assigns."""

    variable: Variable
    name: str
    handle: Symbol
    value: Symbol | None = None
    is_pending: bool = False
    is_assigned: bool = False


@dataclass(frozen=True)
class Draw:
    """Random numbers that the caller of the graph provides, drawn as eager code would draw them."""

    kind: str
    shape: tuple[int, ...]
    dtype: Any
    options: dict[str, Any]


class Trace:
    """A graph under construction; an `Executor`.

    An operator whose operands all have values is run at once, its result a constant of the graph. Assignments take
    effect in the order of the program; the graph writes each variable once, at the end, unless an operator changes it
    in place.

    Attributes:
        called: graphs that operators of this one call, numbered from 1.
    """

    def __init__(self, name: str) -> None:
        self.builder = GraphBuilder(Graph(name))
        self.captured: dict[int, Captured] = {}
        self.draws: list[tuple[Draw, Symbol]] = []
        self.called: list[Graph] = []
        self._constants: dict[int, tuple[Any, Symbol]] = {}
        self._names: set[str] = set()

    def argument(self, name: str, shape: Shape, dtype: Any) -> TracedTensor:
        return TracedTensor(self.builder.input(name, shape, DType.of(dtype)), self)

    def execute(self, kind: str, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
        operands = [x if isinstance(x, (Tensor, Handle)) else operand(kind, x) for x in inputs]
        if not any(isinstance(x, (TracedTensor, Handle)) for x in operands):
            return EAGER.execute(kind, operands, attrs)
        self.builder.source = local.scope
        made = self.builder.ops(kind, [self.symbol(kind, x) for x in operands], **attrs)
        for handle in (x for x in operands if isinstance(x, Handle)):
            captured = self.captured[id(handle.variable)]
            captured.value, captured.is_assigned = None, True
        results = [TracedTensor(symbol, self) for symbol in made]
        if local.tapes and results:
            prepared = prepare(kind, attrs, operands)
            for tape in local.tapes:
                tape.record(prepared, operands, results)
        return results[0] if len(results) == 1 else tuple(results)

    def read(self, variable: Variable) -> TracedTensor:
        captured = self._capture(variable)
        if captured.value is None:
            captured.value = self.builder.op("READ_VARIABLE", [captured.handle], f"{captured.name}/read")
        return TracedTensor(captured.value, self)

    def assign(self, variable: Variable, value: Tensor) -> None:
        captured = self._capture(variable)
        captured.value = self.symbol("ASSIGN_VARIABLE", value)
        captured.is_pending = captured.is_assigned = True

    def random(self, draw: str, shape: tuple[int, ...], dtype: Any, options: dict[str, Any]) -> TracedTensor:
        symbol = self.builder.input(f"random_{len(self.draws)}", shape, DType.of(dtype))
        self.draws.append((Draw(draw, shape, dtype, options), symbol))
        return TracedTensor(symbol, self)

    def finish(self) -> None:
        """Writes the variables that were assigned."""
        for captured in self.captured.values():
            self._flush(captured)

    def symbol(self, kind: str, value: Any) -> Symbol | None:
        """An operand in the graph: what has a value becomes a constant.

        Raises:
            RilletError: a tensor of another trace.
        """
        if value is None:
            return None
        if isinstance(value, TracedTensor):
            return value.symbol if value.trace is self else self.outer(kind, value)
        if isinstance(value, Handle):
            captured = self._capture(value.variable)
            self._flush(captured)
            return captured.handle
        array: NDArray[Any] = value._array if isinstance(value, Tensor) else value
        known = self._constants.get(id(array))
        if known is None:
            compact = np.ascontiguousarray(array).reshape(array.shape)
            known = self._constants[id(array)] = array, self.builder.constant(compact)
        return known[1]

    def outer(self, kind: str, value: TracedTensor) -> Symbol:
        """A tensor of another trace as an operand."""
        raise RilletError(
            f"{kind}: tensor '{value.symbol.name}' belongs to another traced function; pass it as an argument"
        )

    def call_graph(self, graph: Graph) -> int:
        """The number of a graph that an operator is to call."""
        self.called.append(graph)
        return len(self.called)

    def _flush(self, captured: Captured) -> None:
        if captured.is_pending:
            self.builder.ops("ASSIGN_VARIABLE", [captured.handle, captured.value])
            captured.is_pending = False

    def _capture(self, variable: Variable) -> Captured:
        found = self.captured.get(id(variable))
        if found is None:
            name, number = variable.name, 1
            while name in self._names:
                name, number = f"{variable.name}_{number}", number + 1
            self._names.add(name)
            handle = self.builder.op("VAR_HANDLE", [], name, shared_name=name)
            declare(handle, variable.shape, DType.of(variable.dtype))
            found = self.captured[id(variable)] = Captured(variable, name, handle)
        return found


class Branch(Trace):
    """The graph of a branch or of a loop's body. What it needs from around it becomes inputs.

    Attributes:
        outside: the tensors of the trace around it that it reads, with its inputs for them, by their symbol.
        values: the variables that it assigns, with their new values.
        reads: the variables that it reads from around it, by the symbol of their value there.
    """

    def __init__(self, name: str, parent: Trace) -> None:
        super().__init__(name)
        self.parent = parent
        self.outside: dict[Symbol, tuple[TracedTensor, Symbol]] = {}
        self.values: dict[int, tuple[Variable, Tensor]] = {}
        self.reads: dict[Symbol, Variable] = {}

    def trace(self, function: Callable[[], Any]) -> Any:
        """Runs `function`, its operators added to this graph; active tapes stay active."""
        tapes = local.tapes
        with executing(self, idle=False):
            local.tapes = tapes
            return function()

    def read(self, variable: Variable) -> TracedTensor:
        known = self.values.get(id(variable))
        if known is None:
            value = self.parent.read(variable)
            self.reads[value.symbol] = variable
            return value
        return TracedTensor(self.symbol("READ_VARIABLE", known[1]), self)

    def assign(self, variable: Variable, value: Tensor) -> None:
        self.values[id(variable)] = variable, value

    def random(self, draw: str, shape: tuple[int, ...], dtype: Any, options: dict[str, Any]) -> TracedTensor:
        raise RilletError("random numbers inside cond or while_loop of a traced function: draw them before it")

    def outer(self, kind: str, value: TracedTensor) -> Symbol:
        known = self.outside.get(value.symbol)
        if known is None:
            symbol = self.builder.input(f"outer_{len(self.outside)}", value.shape, value.symbol.dtype)
            known = self.outside[value.symbol] = value, symbol
        return known[1]

    def call_graph(self, graph: Graph) -> int:
        return self.parent.call_graph(graph)

    def _capture(self, variable: Variable) -> Captured:
        raise RilletError(
            f"variable '{variable.name}' is changed in place inside cond or while_loop of a traced function: "
            "choose the gradient inside, and apply it outside"
        )
