"""Models to put preprocessing in front of."""

from __future__ import annotations

from rillet.ir import Model
from rillet.ops import GraphBuilder


def model_taking(*shape: int) -> Model:
    """A model that gives its float input back, as one row."""
    b = GraphBuilder()
    b.output(b.op("RESHAPE", [b.input("input", shape), b.constant([1, -1])]), "row")
    return Model([b.graph])
