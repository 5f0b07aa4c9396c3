"""Names that no two tensors of a graph share."""

from __future__ import annotations

from collections.abc import Iterable

from .graph import Graph

RECOMPUTED = "recomputed/"
"""Begins the names of results that a backward pass computes again to save memory: passes must not merge their ops."""


class UniqueNames:
    """Names in use; `unique` adds one, numbered where it is taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self._last_numbers: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """`name`, else `name_1`, `name_2`, ...: the first that is free."""
        found, number = name, self._last_numbers.get(name, 0)
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        self._last_numbers[name] = number
        return found


def name_apart(graph: Graph) -> None:
    """Makes tensor names unique; inputs and outputs keep theirs."""
    fixed = {*graph.inputs, *graph.outputs}
    names = UniqueNames(tensor.name for tensor in fixed)
    for tensor in graph.tensors():
        if tensor not in fixed:
            tensor.name = names.unique(tensor.name)
