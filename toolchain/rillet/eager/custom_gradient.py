"""custom_gradient: a function that says itself how its gradient is computed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..ops import GradientError
from .nest import flatten, pack
from .state import local
from .tape import GradientTape, alias, not_recording
from .tensor import Tensor, convert_to_tensor
from .variable import Variable


class OwnGradient:
    """What tapes record: `gradient` from those of the results to those of the operands."""

    def __init__(
        self, gradient: Callable[[list[Any]], Sequence[Any]], operands: int, results: Sequence[Tensor]
    ) -> None:
        self._gradient, self._operands, self._results = gradient, operands, results

    def rule(self, wanted: tuple[bool, ...], given: tuple[bool, ...]) -> Callable[[Sequence[Any]], list[Any]]:
        def run(values: Sequence[Any]) -> list[Any]:
            from .array_ops import zeros_like

            dys = values[self._operands + len(self._results) :]
            dys = [zeros_like(y) if dy is None else dy for y, dy in zip(self._results, dys, strict=True)]
            found = self._gradient(dys)
            if len(found) != self._operands:
                raise GradientError(
                    f"the gradient function returned {len(found)} values for {self._operands} arguments"
                )
            return [convert_to_tensor(g) if w and g is not None else None for g, w in zip(found, wanted, strict=True)]

        return run


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for `f(*args) -> (result, gradient)`, where `gradient(*dys)` gives one gradient per argument.

    Where the function reads trainable variables, `gradient` takes `variables=` too and returns (gradients of the
    arguments, gradients of those variables). What happens inside is not recorded; what `gradient` computes is, so that
    it can be differentiated again.
    """

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        inputs = [convert_to_tensor(a) if a is not None else None for a in args]
        if not local.tapes:
            return function(*inputs, **kwargs)[0]
        with not_recording(), GradientTape() as seen:
            structure, gradient = function(*inputs, **kwargs)
        results = [alias(convert_to_tensor(y)) for y in flatten(structure)]
        variables = seen.watched_variables()
        operands = [*inputs, *(v.value() for v in variables)]
        record_own(lambda dys: _call(gradient, dys, len(inputs), variables), operands, results)
        return pack(structure, results)

    return wrapped


def record_own(
    gradient: Callable[[list[Any]], Sequence[Any]], operands: Sequence[Any], results: Sequence[Tensor]
) -> None:
    """Tells the active tapes that `results` come from `operands`, and how gradients flow back."""
    record = OwnGradient(gradient, len(operands), results)
    for tape in local.tapes:
        tape.record(record, operands, results)


def _call(gradient: Callable[..., Any], dys: list[Any], count: int, variables: Sequence[Variable]) -> list[Any]:
    if not variables:
        return _listed(gradient(*dys), count)
    if "variables" not in inspect.signature(gradient).parameters:
        raise GradientError(
            f"the function reads variable '{variables[0].name}': its gradient function must take variables="
        )
    of_arguments, of_variables = gradient(*dys, variables=list(variables))
    return [*_listed(of_arguments, count), *of_variables]


def _listed(found: Any, count: int) -> list[Any]:
    return list(found) if isinstance(found, (list, tuple)) else [found] * min(count, 1)
