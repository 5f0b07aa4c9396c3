"""A gradient rule of `rillet.ops`, applied once to symbols and replayed on tensors, eager or traced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ..ir import Op
from ..ir import Tensor as Symbol
from ..ops import GradientBuilder, GradientError, opdef
from ..ops.backpropagation import apply_rule
from ..ops.opdef import NotDifferentiable
from .state import call
from .tensor import Tensor


class Rule:
    """The operators that compute gradients of some operands of `op`, as a program over numbered values.

    Values are numbered: operands, results, gradients of results, then what the program makes.
    """

    def __init__(self, op: Op, wanted: Sequence[bool], given: Sequence[bool]) -> None:
        self.targets: list[int | None] = [None] * len(op.inputs)
        self.steps: list[tuple[str, list[int], dict[str, Any], list[int]]] = []
        self.constants: list[tuple[int, Any]] = []
        rule = opdef(op.kind).gradient
        if isinstance(rule, NotDifferentiable) and not rule.is_refused:
            self.count = 0
            return
        builder = GradientBuilder()
        dys = [Symbol(f"dy{i}", t.shape, t.dtype) if is_given else None
               for i, (t, is_given) in enumerate(zip(op.outputs, given, strict=True))]  # fmt: skip
        results = apply_rule(builder, op, dys)
        results = [*results, *[None] * len(op.inputs)][: len(op.inputs)]  # without absent optional operands
        numbers: dict[Symbol, int] = {}
        for number, symbol in enumerate([*op.inputs, *op.outputs, *dys]):
            if symbol is not None:
                numbers.setdefault(symbol, number)
        self.count = len(op.inputs) + 2 * len(op.outputs)
        targets = [g for g, is_wanted in zip(results, wanted, strict=True) if is_wanted and g is not None]
        for step in _needed(builder.graph.ops, targets):
            self._add(step, numbers)
        self.targets = [
            None if g is None or not is_wanted else self._number(g, numbers)
            for g, is_wanted in zip(results, wanted, strict=True)
        ]

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The gradient of each operand, None where none flows; `values`: operands, results, gradients of results."""
        if not self.count:
            return list(self.targets)
        known: list[Any] = [*values, *[None] * (self.count - len(values))]
        for number, constant in self.constants:
            known[number] = constant
        for kind, operands, attrs, results in self.steps:
            made = call(kind, [None if n < 0 else known[n] for n in operands], **attrs)
            if len(results) == 1:
                known[results[0]] = made
            else:
                for number, value in zip(results, made, strict=True):
                    known[number] = value
        return [None if n is None else known[n] for n in self.targets]

    def _add(self, op: Op, numbers: dict[Symbol, int]) -> None:
        operands = [-1 if t is None else self._number(t, numbers) for t in op.inputs]
        for result in op.outputs:
            numbers[result] = self.count
            self.count += 1
        default = type(op.attrs)()
        attrs = {f.name: getattr(op.attrs, f.name) for f in fields(op.attrs)}
        changed = {name: value for name, value in attrs.items() if value != getattr(default, name)}
        changed = {name: tuple(value) if isinstance(value, list) else value for name, value in changed.items()}
        self.steps.append((op.kind, operands, changed, [numbers[t] for t in op.outputs]))

    def _number(self, symbol: Symbol, numbers: dict[Symbol, int]) -> int:
        if symbol not in numbers:
            if symbol.data is None:
                raise GradientError(f"a gradient rule reads '{symbol.name}', which nothing makes")
            is_structural = symbol.data.dtype.kind in "iub"
            self.constants.append((self.count, symbol.data if is_structural else Tensor(symbol.data)))
            numbers[symbol] = self.count
            self.count += 1
        return numbers[symbol]


def _needed(ops: Sequence[Op], targets: Sequence[Symbol]) -> list[Op]:
    """The ops that the targets depend on, in order."""
    wanted = set(targets)
    kept = []
    for op in reversed(ops):
        if any(t in wanted for t in op.outputs):
            wanted.update(t for t in op.inputs if t is not None)
            kept.append(op)
    return kept[::-1]
