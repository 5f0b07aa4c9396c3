"""Structures: tensors in lists, tuples, named tuples and dictionaries, flattened in order and packed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..ir import RilletError


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; dictionaries by sorted key. None is a leaf."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for each in structure for leaf in flatten(each)]
    return [structure]


def pack(structure: Any, leaves: Sequence[Any]) -> Any:
    """`leaves` in the form of `structure`.

    Raises:
        RilletError: there are too many or too few.
    """
    rest = iter(leaves)
    packed = _pack(structure, rest, len(leaves))
    if next(rest, rest) is not rest:
        raise RilletError(f"{len(leaves)} values are too many for the structure {structure!r}")
    return packed


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """`function` of the leaves, in the form of the first structure."""
    rows = zip(*(flatten(each) for each in structures), strict=True)
    return pack(structures[0], [function(*row) for row in rows])


def _pack(structure: Any, rest: Iterator[Any], count: int) -> Any:
    if isinstance(structure, dict):
        values = {key: _pack(structure[key], rest, count) for key in sorted(structure)}
        return type(structure)((key, values[key]) for key in structure)
    if isinstance(structure, (list, tuple)):
        parts = [_pack(each, rest, count) for each in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    leaf = next(rest, rest)
    if leaf is rest:
        raise RilletError(f"{count} values are too few for the structure")
    return leaf
