"""What patches cost before anything is rewritten: products computed twice, bytes copied, and RAM at the least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph, Op, RilletError, Tensor
from ..memory import IN_PLACE
from ..ops.macs import count_macs
from .patches import Cut, Patch, can_patch, shares, walk

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class PatchCost:
    """extra_macs: more than the layers alone; copied_bytes: into and out of patches; least_bytes: no plan has less."""

    patch: Patch
    extra_macs: int
    copied_bytes: int
    least_bytes: int

    @property
    def work(self) -> int:
        """To compare patches by: a copied byte counts as a product, so that free patches are not quite free."""
        return self.extra_macs + self.copied_bytes


def patch_costs(graph: Graph, cuts: Sequence[Cut], end: Cut, most: int) -> Iterator[PatchCost]:
    """The costs of all grids of up to `most` x `most` patches, rows at least as many as columns, of all stretches that
    end at `end` (one of `cuts`)."""
    starts = [cut for cut in cuts if can_patch(graph, cut, end)]
    if not starts:
        return
    ops = graph.ops[starts[0].position : end.position]
    backwards = _Backwards(ops, end.tensor)
    for rows, columns in product(range(1, most + 1), repeat=2):
        if columns > rows or rows == 1:
            continue
        try:
            macs, alive, entered = backwards.costs(rows, columns)
        except RilletError:
            continue  # fewer rows or columns than patches, or a patch would see nothing but padding
        for cut in starts:
            at = cut.position - starts[0].position
            least = alive[at] + cut.tensor.nbytes + end.tensor.nbytes
            copied = entered[cut.tensor] + 2 * end.tensor.nbytes
            patch = Patch(cut.position, end.position, rows, columns)
            yield PatchCost(patch, round(macs[at]), round(copied), int(least))


class _Backwards:
    """Looks back over `ops` from the end of a stretch: what a late start costs is part of what an early one does."""

    def __init__(self, ops: Sequence[Op], end: Tensor) -> None:
        self._ops, self._end = ops, end
        self._size = end.start_shape[1:3]
        self._made = [op.outputs[0] for op in ops]
        self._macs = np.array([count_macs(op) or 0 for op in ops], float)
        self._images = list(
            dict.fromkeys(t for op in ops for t in (*op.inputs, *op.outputs) if t and not t.is_constant)
        )
        self._place = {t: i for i, t in enumerate(self._images)}
        self._pixel_bytes = np.array([t.nbytes / _area(t) for t in self._images])
        self._area = np.array([_area(t) for t in self._images], float)
        self._alive = self._alive_images()
        self.extents = cache(self.extents)  # type: ignore[method-assign]

    def extents(self, axis: int, count: int) -> tuple[Numbers, Numbers]:
        """For each image: rows (or columns) computed in all of `count` patches, and in the one in the middle."""
        size = self._size[axis - 1]
        if count > size:
            raise RilletError(f"{size} rows or columns are too few for {count} patches")
        walks = [walk(self._ops, self._end, part, axis) for part in shares(size, count)]
        sizes = np.array([[w[t].size for t in self._images] for w in walks], float)
        return sizes.sum(0), sizes[count // 2]

    def costs(self, rows: int, columns: int) -> tuple[Numbers, Numbers, dict[Tensor, float]]:
        """For a start in front of each op: products too many, and bytes alive in the busiest step of a patch; for each
        image: bytes that go into patches."""
        (tall, height), (wide, width) = self.extents(1, rows), self.extents(2, columns)
        times = tall * wide / self._area
        made = [self._place[t] for t in self._made]
        extra = self._macs * (times[made] - 1)
        part = height * width * self._pixel_bytes
        alive = self._alive @ part
        entered = dict(zip(self._images, times * self._pixel_bytes * self._area, strict=True))
        return _from_behind(np.add, extra), _from_behind(np.maximum, alive), entered

    def _alive_images(self) -> Numbers:
        """Which images' parts exist during each op, if all that might work in place does: ops x images."""
        last_use = {t: i for i, op in enumerate(self._ops) for t in op.inputs if t is not None}
        first = {t: i for i, op in enumerate(self._ops) for t in op.outputs}
        alive = np.zeros((len(self._ops), len(self._images)))
        for image, place in self._place.items():
            alive[first.get(image, 0) : last_use.get(image, len(self._ops)) + 1, place] = 1
        for step, op in enumerate(self._ops):
            if op.kind in IN_PLACE or op.kind in ("DEPTHWISE_CONV_2D", "PAD"):
                dying = [t for t in op.inputs if t is not None and last_use[t] == step and t in self._place]
                alive[step, [self._place[t] for t in dying[:1]]] = 0
        return alive


def _area(tensor: Tensor) -> int:
    return tensor.start_shape[1] * tensor.start_shape[2]


def _from_behind(function: np.ufunc, values: Numbers) -> Numbers:
    result: Numbers = function.accumulate(values[::-1])[::-1]
    return result
