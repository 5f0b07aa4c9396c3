"""Which layers to run in patches so that a model fits into little RAM: the least extra work that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from ..flatbuffer import read, write_bytes
from ..ir import Model
from ..ops.macs import count_macs
from ..passes.patch_cost import PatchCost, patch_costs
from ..passes.patches import Patch, cut_points, patched
from .board import BoardError

MOST_PATCHES = 10
"""To a side. More cost more steps than they save memory."""

_MOST_TRIES = 12

ArenaOf = Callable[[bytes], int]
"""The arena of a .tflite file on the board."""


@dataclass(frozen=True)
class PatchedLayers:
    """Layers that run in patches: the names of the first and last, the grid, and products in % of the whole model's."""

    first: str
    last: str
    rows: int
    columns: int
    extra_macs_percent: float


@dataclass(frozen=True)
class Fitting:
    """How a model was made to fit: bytes of arena before and after, products added in % of the whole model's.

    `layers`: what runs in patches; empty where the model fits as it is. `limit`: what the arena may take.
    """

    limit: int
    arena_before: int
    arena_after: int
    extra_macs_percent: float
    layers: list[PatchedLayers] = field(default_factory=list)


def fit(data: bytes, limit: int, arena_of: ArenaOf) -> tuple[bytes, Fitting]:
    """The model as it is where its arena takes at most `limit` bytes, else with its first layers in patches.

    Raises:
        BoardError: nothing fits; the text has the smallest arena that was found.
    """
    before = arena_of(data)
    if before <= limit:
        return data, Fitting(limit, before, before, 0.0)
    search = _Search(data, arena_of)
    chosen, made, after = search.run(limit)
    if chosen is None and search.can_patch:
        # What does not fit together at this limit may do so at a lower one.
        chosen, made, after = search.smallest()
    if chosen is None or after > limit:
        raise BoardError(_why_not(search, limit, before, after))
    names = [op.where for op in search.graph.ops]
    macs = sum(count_macs(op) or 0 for op in search.graph.ops)
    layers = [
        PatchedLayers(
            names[c.patch.first], names[c.patch.last - 1], c.patch.rows, c.patch.columns, 100 * c.extra_macs / macs
        )
        for c in chosen
    ]
    return made, Fitting(limit, before, after, sum(p.extra_macs_percent for p in layers), layers)


def _why_not(search: _Search, limit: int, before: int, smallest: int) -> str:
    graph = search.graph
    if not search.can_patch:
        return (
            f"the model needs {before:,} bytes of arena, {limit:,} are left; its layers cannot run in patches: that "
            "takes one graph with one input, and places where one tensor is all that is alive"
        )
    x = graph.inputs[0]
    return (
        f"the model needs {before:,} bytes of arena, {limit:,} are left; in patches it still needs {smallest:,} "
        f"(the input alone takes {x.nbytes:,}): give at least {smallest - limit:,} bytes more, or use a smaller image"
    )


class _Search:
    """A shortest path over the cuts of a graph: an edge is one op (or block of ops) as it is, or a stretch in patches.

    What lies between two cuts needs memory independently of the rest, so each edge can be measured alone. Costs come
    from a model that may only be too hopeful about memory, and edges on the best path are measured by really planning
    them; one that turns out too large goes, and the next best path is tried.
    """

    def __init__(self, data: bytes, arena_of: ArenaOf) -> None:
        self._data, self._arena_of = data, arena_of
        model = read(data)
        self.graph = model.main
        for tensor in self.graph.tensors():
            tensor.shape = tensor.start_shape
        is_simple = len(model.graphs) == 1 and len(self.graph.inputs) == 1
        self.cuts = cut_points(self.graph) if is_simple else []
        self.can_patch = len(self.cuts) > 1
        self._measured: dict[Patch, int] = {}
        self._trusting = True
        self._options: dict[tuple[int, int], list[PatchCost]] = {}
        number = {cut.position: i for i, cut in enumerate(self.cuts)}
        for j, end in enumerate(self.cuts):
            for cost in patch_costs(self.graph, self.cuts, end, MOST_PATCHES):
                self._options.setdefault((number[cost.patch.first], j), []).append(cost)
        self._options = {key: _useful(costs) for key, costs in self._options.items()}

    def run(self, limit: int) -> tuple[list[PatchCost] | None, bytes, int]:
        """The patches, the model with them and its arena; None where nothing fits."""
        aim = limit
        for _ in range(_MOST_TRIES):
            chosen = self._best(aim) if self.can_patch else None
            if chosen is None:
                break
            made = write_bytes(patched(read(self._data), [c.patch for c in chosen]))
            arena = self._arena_of(made)
            if arena <= limit:
                return chosen, made, arena
            if self._trusting:
                self._trusting = False  # an op that was not measured may be what takes so much
            else:
                aim -= max(arena - limit, limit // 200)  # together they lie less well than one by one
        return None, b"", 0

    def smallest(self) -> tuple[list[PatchCost] | None, bytes, int]:
        """What `run` gives for the smallest arena that patches reach, within 1%."""
        low, high = 0, max(self._measure(c.patch) for c in self._plain())
        best: tuple[list[PatchCost] | None, bytes, int] = (None, b"", high)
        while high - low > max(64, high // 100):
            middle = (low + high) // 2
            found = self.run(middle)
            if found[0] is None:
                low = middle
            else:
                best, high = found, found[2]
        return best

    def _plain(self) -> list[PatchCost]:
        return [PatchCost(Patch(a.position, b.position, 1, 1), 0, 0, 0) for a, b in pairwise(self.cuts)]

    def _best(self, limit: int) -> list[PatchCost] | None:
        """The patches with the least work that keep every stretch within `limit`, measured."""
        while True:
            path = self._shortest(limit)
            if path is None:
                return None
            if all(self._is_small(c.patch, limit) or self._measure(c.patch) <= limit for c in path):
                return [c for c in path if c.patch.count > 1]

    def _shortest(self, limit: int) -> list[PatchCost] | None:
        plain = self._plain()
        best: list[tuple[int, list[PatchCost]] | None] = [(0, [])] + [None] * (len(self.cuts) - 1)
        for j in range(1, len(self.cuts)):
            for i in range(j):
                before = best[i]
                edges = [*([plain[i]] if i == j - 1 else []), *self._options.get((i, j), [])]
                edge = next((e for e in edges if self._may_fit(e, limit)), None)
                if before is None or edge is None:
                    continue
                old = best[j]
                if old is None or before[0] + edge.work < old[0]:
                    best[j] = before[0] + edge.work, [*before[1], edge]
        found = best[-1]
        return None if found is None else found[1]

    def _may_fit(self, cost: PatchCost, limit: int) -> bool:
        return cost.least_bytes <= limit and self._measured.get(cost.patch, 0) <= limit

    def _is_small(self, patch: Patch, limit: int) -> bool:
        """Ops as they are, of so small tensors that to measure each of them is only worth it where that goes wrong."""
        ops = self.graph.ops[patch.first : patch.last]
        images = {t for op in ops for t in (*op.inputs, *op.outputs) if t is not None and not t.is_constant}
        return self._trusting and patch.count == 1 and 4 * sum(t.nbytes for t in images) < limit

    def _measure(self, patch: Patch) -> int:
        """Bytes of arena while these ops run, in patches or (1 x 1) not."""
        if patch not in self._measured:
            self._measured[patch] = self._arena_of(write_bytes(_alone(read(self._data), patch)))
        return self._measured[patch]


def _useful(costs: list[PatchCost]) -> list[PatchCost]:
    """The grids of a stretch by work; one with more work than another must need less memory."""
    useful: list[PatchCost] = []
    for cost in sorted(costs, key=lambda c: (c.work, c.least_bytes)):
        if not useful or cost.least_bytes < useful[-1].least_bytes:
            useful.append(cost)
    return useful


def _alone(model: Model, patch: Patch) -> Model:
    """A model of these ops alone, in patches or not."""
    graph = model.main
    for tensor in graph.tensors():
        tensor.shape = tensor.start_shape
    ends = {cut.position: cut.tensor for cut in cut_points(graph)}
    graph.ops = graph.ops[patch.first : patch.last]
    graph.inputs, graph.outputs = [ends[patch.first]], [ends[patch.last]]
    model.signatures, model.metadata = [], {}
    if patch.count > 1:
        patched(model, [Patch(0, patch.last - patch.first, patch.rows, patch.columns)])
    return model
