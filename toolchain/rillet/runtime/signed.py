"""uint8 models for callers that plan them alone: the bytes of the same model in int8."""

from __future__ import annotations

from collections.abc import Mapping

from .plan import ModelBytes
from .rewrite import rewrite


def signed_bytes(data: ModelBytes, subgraph: int = 0) -> tuple[ModelBytes, Mapping[int, int]]:
    """The file rewritten to int8 inside, its interface unchanged.

    Returns:
        The new file's bytes, and the new index of each tensor of `subgraph` that is still there.
    """
    found = rewrite(data, passes=False)
    return (data, {}) if found is None else (found.data, found.numbers[subgraph])
