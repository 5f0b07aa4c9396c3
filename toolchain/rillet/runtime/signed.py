"""uint8 models at load: rewritten to int8, whose kernels are the only integer kernels there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..flatbuffer import read, write_bytes
from ..passes.uint8 import uint8_to_int8
from ..passes.uint8_pools import round_half_up
from .details import ModelDetails
from .plan import ModelBytes


def signed_bytes(data: ModelBytes, subgraph: int = 0) -> tuple[bytes, Mapping[int, int]]:
    """The file rewritten to int8 inside, its interface unchanged.

    Returns:
        The new file's bytes, and the new index of each tensor of `subgraph` that is still there.
    """
    model = read(memoryview(data))
    for graph in model.graphs:
        round_half_up(graph)
        uint8_to_int8(graph)
    rewritten = write_bytes(model)
    old, new = ([t["name"] for t in ModelDetails(each).graph(subgraph)["tensors"]] for each in (data, rewritten))
    places = {name: index for index, name in enumerate(new)}
    unique = {name for names in (old, new) for name, count in Counter(names).items() if count == 1}
    return rewritten, {i: places[name] for i, name in enumerate(old) if name in places and name in unique}
