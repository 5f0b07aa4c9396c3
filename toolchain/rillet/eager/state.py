"""Which executor runs operators on this thread, and which tapes listen; `call` is the one entry for every operator."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .tape import GradientTape
    from .variable import Variable


class Executor(Protocol):
    """Runs operators: at once (eager), or by adding them to a graph (tracing)."""

    def execute(self, kind: str, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The operator's result: a Tensor, or a tuple of them where it does not have exactly one."""

    def read(self, variable: Variable) -> Any:
        """The variable's value now, as a Tensor."""

    def assign(self, variable: Variable, value: Any) -> None:
        """Gives the variable another value, of its shape and dtype."""

    def random(self, draw: str, shape: tuple[int, ...], dtype: Any, options: dict[str, Any]) -> Any:
        """The next numbers of the global generator (see `rillet.random`)."""


class Local(threading.local):
    """Per thread. `idle`: eager, and no tape listens, so that an operator may skip everything but its arithmetic."""

    executor: Executor
    tapes: tuple[GradientTape, ...] = ()
    idle: bool = True
    scope: str = ""


local = Local()


def call(kind: str, inputs: Sequence[Any], **attrs: Any) -> Any:
    """Runs or records one operator.

    Args:
        kind: the name in `rillet.ops` ("CONV_2D", "rillet.BATCH_NORMALIZATION").
        inputs: Tensors, Variables (their values), Handles (the variables themselves), None where an optional operand is
            absent; integers, tuples and integer arrays are structural operands (axes, shapes, paddings), which become
            constants of the operator.
        attrs: its attributes, by the schema's field names.

    Returns:
        A Tensor, or a tuple of Tensors where the operator has not exactly one result.

    Raises:
        RilletError: operands that the operator does not accept.
    """
    return local.executor.execute(kind, inputs, attrs)


@contextmanager
def executing(executor: Executor, *, idle: bool) -> Iterator[None]:
    """Makes `executor` the current one, with no tape listening."""
    before = local.executor, local.tapes, local.idle
    local.executor, local.tapes, local.idle = executor, (), idle
    try:
        yield
    finally:
        local.executor, local.tapes, local.idle = before


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Ops traced inside carry `name` (below the scopes around it) as their source, for errors, reports and profiles."""
    before = local.scope
    local.scope = f"{before}/{name}" if before else name
    try:
        yield
    finally:
        local.scope = before
