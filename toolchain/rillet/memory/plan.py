"""The arena of a graph: where every tensor lies, and how many bytes that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Graph, RilletError, Tensor
from .lifetimes import Block, has_fixed_size, lifetimes, start_bytes
from .placement import Request, live_bytes, place


@dataclass(frozen=True)
class PlacedBlock:
    """A rectangle in the picture of memory over time: `bytes` at `offset`, alive from step `first` to `last`."""

    tensors: tuple[Tensor, ...]
    offset: int
    bytes: int
    first: int
    last: int


@dataclass(frozen=True)
class MemoryPlan:
    """Where the tensors of one graph lie in the arena.

    Attributes:
        offsets: byte offset of every tensor that needs arena memory.
        total_bytes: size of the arena; kernels' scratch memory comes on top.
        lower_bound: bytes alive at the busiest step, each block rounded up to `alignment`.
        is_optimal: no smaller arena exists for these lifetimes (proved, not hoped).
        live_bytes: bytes alive at each step; the last one is the virtual step in which outputs are read.
        persistent_bytes: bytes of variables, which live outside the arena.
    """

    offsets: dict[Tensor, int]
    total_bytes: int
    lower_bound: int
    is_optimal: bool
    alignment: int
    blocks: tuple[PlacedBlock, ...]
    live_bytes: tuple[int, ...]
    persistent_bytes: int


def plan(
    graph: Graph, alignment: int = 16, in_place: bool = True, keep_inputs: bool = False, time_limit_s: float = 0.2
) -> MemoryPlan:
    """Plans the arena of `graph`.

    Args:
        graph: unknown dimensions count as the file's start shape has them (`Tensor.start_shape`).
        alignment: of every offset, in bytes; a power of two.
        in_place, keep_inputs: see `lifetimes`.
        time_limit_s: for the exact search, which runs only where no greedy order meets the lower bound.

    Raises:
        RilletError: the alignment is no power of two.
    """
    if alignment < 1 or alignment & (alignment - 1):
        raise RilletError(f"alignment {alignment} is no power of two")
    blocks = lifetimes(graph, in_place, keep_inputs)
    requests = [Request(-(-block.bytes // alignment) * alignment, block.first, block.last) for block in blocks]
    placement = place(requests, time_limit_s)
    live = live_bytes(requests)
    return MemoryPlan(
        offsets={t: offset for block, offset in zip(blocks, placement.offsets, strict=True) for t in block.tensors},
        total_bytes=placement.total,
        lower_bound=max(live, default=0),
        is_optimal=placement.is_optimal,
        alignment=alignment,
        blocks=tuple(_placed(blocks, placement.offsets)),
        live_bytes=tuple(live),
        persistent_bytes=sum(start_bytes(t) for t in graph.tensors() if t.is_variable and has_fixed_size(t)),
    )


def _placed(blocks: Sequence[Block], offsets: Sequence[int]) -> list[PlacedBlock]:
    return [
        PlacedBlock(tuple(block.tensors), offset, block.bytes, block.first, block.last)
        for block, offset in zip(blocks, offsets, strict=True)
    ]
