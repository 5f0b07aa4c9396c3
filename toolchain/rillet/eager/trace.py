"""The tracing executor: operators become a graph, variables its resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, RilletError, Shape
from ..ir import Tensor as Symbol
from ..ops import GraphBuilder
from ..ops.variables import declare
from .executor import EAGER, Handle, operand
from .prepared import prepare
from .state import local
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
    """

    def __init__(self, name: str) -> None:
        self.builder = GraphBuilder()
        self.builder.graph.name = name
        self.captured: dict[int, Captured] = {}
        self.draws: list[tuple[Draw, Symbol]] = []
        self._constants: dict[int, tuple[Any, Symbol]] = {}
        self._names: set[str] = set()

    def argument(self, name: str, shape: Shape, dtype: Any) -> TracedTensor:
        return TracedTensor(self.builder.input(name, shape, DType.of(dtype)), self)

    def execute(self, kind: str, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
        operands = [x if isinstance(x, (Tensor, Handle)) else operand(kind, x) for x in inputs]
        if not any(isinstance(x, (TracedTensor, Handle)) for x in operands):
            return EAGER.execute(kind, operands, attrs)
        self.builder.source = local.scope
        handles = [x.variable for x in operands if isinstance(x, Handle)]
        made = self.builder.ops(kind, [self._symbol(kind, x) for x in operands], **attrs)
        for variable in handles:
            captured = self.captured[id(variable)]
            captured.value, captured.is_assigned = None, True
        results = [TracedTensor(symbol, self) for symbol in made]
        if local.tapes and not handles:
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
        captured.value = self._symbol("ASSIGN_VARIABLE", value)
        captured.is_pending = captured.is_assigned = True

    def random(self, draw: str, shape: tuple[int, ...], dtype: Any, options: dict[str, Any]) -> TracedTensor:
        symbol = self.builder.input(f"random_{len(self.draws)}", shape, DType.of(dtype))
        self.draws.append((Draw(draw, shape, dtype, options), symbol))
        return TracedTensor(symbol, self)

    def finish(self) -> None:
        """Writes the variables that were assigned."""
        for captured in self.captured.values():
            self._flush(captured)

    def _flush(self, captured: Captured) -> None:
        if captured.is_pending:
            assert captured.value is not None
            self.builder.ops("ASSIGN_VARIABLE", [captured.handle, captured.value])
            captured.is_pending = False

    def _symbol(self, kind: str, value: Any) -> Symbol | None:
        if value is None:
            return None
        if isinstance(value, TracedTensor):
            if value.trace is not self:
                raise RilletError(
                    f"{kind}: tensor '{value.symbol.name}' belongs to another traced function; pass it as an argument"
                )
            return value.symbol  # type: ignore[no-any-return]
        if isinstance(value, Handle):
            captured = self._capture(value.variable)
            self._flush(captured)
            return captured.handle
        array: NDArray[Any] = value._array if isinstance(value, Tensor) else value
        known = self._constants.get(id(array))
        if known is None:
            known = self._constants[id(array)] = (
                array,
                self.builder.constant(np.ascontiguousarray(array).reshape(array.shape)),
            )
        return known[1]

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
