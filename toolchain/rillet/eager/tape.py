"""GradientTape: remembers the operators that watched tensors flow through, and walks them backwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from ..ops import GradientError
from .nest import flatten, pack
from .state import call, local
from .tensor import Tensor, TracedTensor, convert_to_tensor
from .variable import Variable


class Differentiable(Protocol):
    """What a tape records of an operator or of a function with a gradient of its own."""

    def rule(self, wanted: tuple[bool, ...], given: tuple[bool, ...]) -> Any:
        """A function from (operands, results, gradients of results or None) to gradients of operands or None."""


class GradientTape:
    """Records differentiable operators while it is active (`with GradientTape() as tape:`).

    Works eagerly and inside `rillet.function`, by the same rules. Tapes nest: an outer tape records what an inner
    tape's `gradient` computes, which gives second derivatives.

    Args:
        persistent: `gradient` may be called more than once; the records stay until the tape goes.
        watch_accessed_variables: watch every trainable variable that is read.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent, self._watches_variables = persistent, watch_accessed_variables
        self._records: list[tuple[Differentiable, Sequence[Any], Sequence[Tensor]]] = []
        self._watched: dict[int, Any] = {}  # by id, with what keeps the id taken: tensors, and all that depend on them
        self._reads: dict[int, tuple[Variable, list[Tensor]]] = {}
        self._used = False

    def __enter__(self) -> GradientTape:
        if self in local.tapes:
            raise GradientError("the tape is recording already")
        _set_tapes((*local.tapes, self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _set_tapes(tuple(tape for tape in local.tapes if tape is not self))

    def watch(self, tensor: Any) -> None:
        """Follows a tensor or variable (or each of a structure) from here on.

        Raises:
            GradientError: integers and bools have no gradient.
        """
        for each in flatten(tensor):
            if each.dtype.kind != "f":
                raise GradientError(f"cannot watch {each!r}: {each.dtype.name} has no gradient")
            if isinstance(each, Variable):
                self._reads.setdefault(id(each), (each, []))
            elif isinstance(each, Tensor):
                self._watched[id(each)] = each
            else:
                raise GradientError(f"cannot watch {type(each).__name__}: make it a tensor first (rillet.constant)")

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables read or watched so far, in order."""
        return tuple(variable for variable, _ in self._reads.values())

    def watches(self, variable: Variable) -> bool:
        """Whether the variable was read or watched, so that its value is followed."""
        return id(variable) in self._reads

    def reset(self) -> None:
        """Forgets everything."""
        self._records, self._watched, self._reads, self._used = [], {}, {}, False

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Nothing inside is recorded by this tape."""
        before = local.tapes
        _set_tapes(tuple(tape for tape in before if tape is not self))
        try:
            yield
        finally:
            _set_tapes(before)

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The derivative of `target` with respect to each of `sources`.

        Args:
            target: a tensor, or several, whose derivatives are summed; one that is no scalar counts as its sum.
            sources: a watched tensor or variable, or a structure of them.
            output_gradients: weights of the target's elements, of the target's structure and shapes; None: ones.
            unconnected_gradients: what a source that the target does not depend on gets: "none" (None) or "zero".

        Returns:
            Tensors in the structure of `sources`.

        Raises:
            GradientError: the tape was used up, the target is not float, or an operator has no gradient rule.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise GradientError(f"unconnected_gradients is 'none' or 'zero', not {unconnected_gradients!r}")
        self._use()
        targets = [convert_to_tensor(each) for each in flatten(target)]
        given = [None] * len(targets) if output_gradients is None else flatten(output_gradients)
        if len(given) != len(targets):
            raise GradientError(f"{len(given)} output gradients for {len(targets)} targets")
        leaves = flatten(sources)
        found = self._backward(targets, [_seed(t, g) for t, g in zip(targets, given, strict=True)], leaves)
        if not self._persistent:
            self._records = []
        if unconnected_gradients == "zero":
            found = [
                convert_to_tensor(np.zeros(x.shape, x.dtype)) if g is None else g
                for x, g in zip(leaves, found, strict=True)
            ]
        return pack(sources, found)

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """The derivative of each element of `target`: tensors of shape (*target.shape, *source.shape).

        One backward walk per element of the target.
        """
        self._use()
        target, leaves = convert_to_tensor(target), flatten(sources)
        rows = []
        for index in range(target.size):
            one = np.zeros(target.shape, target.dtype)
            one.flat[index] = 1
            rows.append(self._backward([target], [Tensor(one)], leaves))
        if not self._persistent:
            self._records = []
        found: list[Tensor | None] = []
        for number, source in enumerate(leaves):
            column = [row[number] for row in rows]
            zeros = Tensor(np.zeros(source.shape, source.dtype))
            if not any(g is not None for g in column) and unconnected_gradients == "none":
                found.append(None)
                continue
            stacked = call("PACK", [zeros if g is None else g for g in column], values_count=len(column), axis=0)
            found.append(call("RESHAPE", [stacked, np.array((*target.shape, *source.shape), np.int32)]))
        return pack(sources, found)

    def record(self, made: Differentiable, operands: Sequence[Any], results: Sequence[Tensor]) -> None:
        """Executors call this for every operator; kept where an operand is watched."""
        watched = self._watched
        if any(id(x) in watched for x in operands):
            self._records.append((made, operands, results))
            for result in results:
                watched[id(result)] = result

    def record_read(self, variable: Variable, value: Tensor) -> None:
        """Executors call this where a variable is read."""
        known = self._reads.get(id(variable))
        if known is None:
            if not (self._watches_variables and variable.trainable):
                return
            known = self._reads[id(variable)] = (variable, [])
        known[1].append(value)
        self._watched[id(value)] = value

    def _use(self) -> None:
        if self._used and not self._persistent:
            raise GradientError("the tape was used already: make it GradientTape(persistent=True) to use it again")
        self._used = True
        if not self._persistent and self in local.tapes:
            self.__exit__(None, None, None)

    def _backward(self, targets: list[Tensor], seeds: list[Tensor], leaves: list[Any]) -> list[Tensor | None]:
        sources = [self._tensors(each) for each in leaves]
        reached = {id(t) for tensors in sources for t in tensors}
        path = []
        for entry in self._records:
            wanted = tuple(id(x) in reached for x in entry[1])
            if any(wanted):
                path.append((*entry, wanted))
                reached.update(id(y) for y in entry[2])
        gradients: dict[int, Tensor] = {}
        for target, seed in zip(targets, seeds, strict=True):
            _add(gradients, target, seed)
        kept = {id(t) for tensors in sources for t in tensors}
        for made, operands, results, wanted in reversed(path):
            dys = [gradients.get(id(y)) for y in results]
            for result in results:
                if id(result) not in kept:
                    gradients.pop(id(result), None)
            given = tuple(dy is not None for dy in dys)
            if any(given):
                found = made.rule(wanted, given)([*operands, *results, *dys])
                for x, dx in zip(operands, found, strict=True):
                    if dx is not None:
                        _add(gradients, x, dx)
        totals = []
        for tensors in sources:
            parts = [gradients[id(t)] for t in {id(t): t for t in tensors}.values() if id(t) in gradients]
            total = parts[0] if parts else None
            for part in parts[1:]:
                total = call("ADD", [total, part])
            totals.append(total)
        return totals

    def _tensors(self, source: Any) -> list[Tensor]:
        if isinstance(source, Variable):
            return self._reads.get(id(source), (source, []))[1]
        if not isinstance(source, Tensor):
            raise GradientError(f"a source is a Tensor or a Variable, not {type(source).__name__}")
        return [source]


def stop_gradient(value: Any) -> Tensor:
    """The same values, through which no gradient flows."""
    return alias(convert_to_tensor(value))


def alias(tensor: Tensor) -> Tensor:
    """The same values under another identity, for tapes."""
    return TracedTensor(tensor.symbol, tensor.trace) if isinstance(tensor, TracedTensor) else Tensor(tensor._array)


@contextmanager
def not_recording() -> Iterator[None]:
    """No tape of this thread records what happens inside."""
    before = local.tapes
    _set_tapes(())
    try:
        yield
    finally:
        _set_tapes(before)


def _set_tapes(tapes: tuple[GradientTape, ...]) -> None:
    local.tapes = tapes
    local.idle = not tapes and local.executor is type(local).executor


def _add(gradients: dict[int, Tensor], tensor: Tensor, gradient: Tensor) -> None:
    known = gradients.get(id(tensor))
    gradients[id(tensor)] = gradient if known is None else call("ADD", [known, gradient])


def _seed(target: Tensor, given: Any) -> Tensor:
    if target.dtype.kind != "f":
        raise GradientError(f"the target is {target.dtype.name}, which has no gradient")
    if given is None:
        if None in target.shape:
            return convert_to_tensor(call("FILL", [call("SHAPE", [target]), Tensor(np.ones((), target.dtype))]))
        return Tensor(np.ones(target.shape, target.dtype))
    seed = convert_to_tensor(given, target.dtype)
    if seed.shape != target.shape:
        raise GradientError(f"output gradient of shape {seed.shape} for a target of shape {target.shape}")
    return seed
