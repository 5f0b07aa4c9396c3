"""uint8 models at load: rewritten to int8, whose kernels are the only integer kernels there are."""

from __future__ import annotations

from collections.abc import Mapping

from ..flatbuffer import read, write_bytes
from ..passes.uint8 import uint8_to_int8
from .details import ModelDetails
from .plan import ModelBytes


def signed_bytes(data: ModelBytes) -> tuple[bytes, Mapping[int, int]]:
    """The file rewritten to int8 inside, its interface unchanged.

    Returns:
        The new file's bytes, and the new index of each of the old file's tensors that is still there.
    """
    model = read(memoryview(data))
    uint8_to_int8(model.main)
    rewritten = write_bytes(model)
    old, new = (ModelDetails(each).graph(0)["tensors"] for each in (data, rewritten))
    places = {tensor["name"]: index for index, tensor in enumerate(new)}
    return rewritten, {i: places[t["name"]] for i, t in enumerate(old) if t["name"] in places}
