"""A file as the graph passes leave it: uint8 models become int8, and what costs time for nothing goes."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ..flatbuffer import read_program, tensor_order, write_room
from ..ops import registry
from ..passes import WORTHWHILE_PASSES, infer_shapes, optimize, uint8_to_int8
from .plan import ModelBytes

registry()  # loads every operator's module: now, with the other imports, and not with the first model


@dataclass(frozen=True)
class Rewritten:
    """The new file, and by subgraph the new index of each tensor that is still there; none after passes."""

    data: memoryview
    numbers: tuple[Mapping[int, int], ...]


def rewrite(data: ModelBytes, *, passes: bool = True) -> Rewritten | None:
    """Rewrites a file for this runtime, its interface unchanged; None where it is best as it is.

    Args:
        passes: also optimize; False only turns uint8 into int8, which has kernels, tensor by tensor.

    Raises:
        RilletError: the file holds something that the reader does not take.
    """
    with _no_collection():
        return _rewrite(data, passes)


@contextmanager
def _no_collection() -> Iterator[None]:
    """The IR is some ten thousand objects: the collector would walk the whole process's several times over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _rewrite(data: ModelBytes, passes: bool) -> Rewritten | None:
    model = read_program(memoryview(data))
    changes = sum(uint8_to_int8(graph) for graph in model.graphs)
    if passes:
        made = optimize(model, passes=WORTHWHILE_PASSES)
        changes += sum(made.values()) - made[infer_shapes.__name__]  # the C runtime infers shapes, too
    if not changes:
        return None
    numbers = []
    for graph in model.graphs:
        new = {} if passes else {tensor: index for index, tensor in enumerate(tensor_order(graph))}
        numbers.append({i: new[t] for i, t in enumerate(graph.extra["tensors"]) if t in new})
    return Rewritten(write_room(model), tuple(numbers))
