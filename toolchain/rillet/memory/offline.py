"""The plan as it travels in a .tflite file: the metadata entry that TensorFlow Lite Micro understands.

Facts from tflite-micro's memory_management.md: little-endian int32 words; format version 1, subgraph, number of
tensors, then one arena offset per tensor of that subgraph, -1 where the runtime is to find the place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import OFFLINE_PLAN, RilletError, Tensor
from .plan import MemoryPlan

ONLINE = -1
_VERSION = 1


def encode_offline_plan(plan: MemoryPlan, tensors: Sequence[Tensor], subgraph: int = 0) -> bytes:
    """The metadata entry's bytes. `tensors`: in the order of the file (`flatbuffer.tensor_order`)."""
    offsets = [plan.offsets.get(tensor, ONLINE) for tensor in tensors]
    return np.array([_VERSION, subgraph, len(offsets), *offsets], "<i4").tobytes()


def decode_offline_plan(content: bytes, tensors: Sequence[Tensor]) -> tuple[int, dict[Tensor, int]]:
    """The subgraph, and the offset of every tensor that the entry places.

    Raises:
        RilletError: not such an entry, or one for another number of tensors.
    """
    words = np.frombuffer(content[: len(content) // 4 * 4], "<i4").tolist()
    if len(words) < 3 or words[0] != _VERSION:
        raise RilletError(f"metadata {OFFLINE_PLAN}: not version {_VERSION} of the format")
    _, subgraph, count, *offsets = words
    if count != len(tensors) or len(offsets) < count:
        raise RilletError(
            f"metadata {OFFLINE_PLAN} is for {count} tensors and holds {len(offsets)} offsets; "
            f"the graph has {len(tensors)} tensors"
        )
    if any(offset < ONLINE for offset in offsets[:count]):
        raise RilletError(f"metadata {OFFLINE_PLAN} has a negative offset")
    return subgraph, {t: o for t, o in zip(tensors, offsets, strict=False) if o != ONLINE}
