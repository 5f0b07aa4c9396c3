"""Offsets for blocks with known lifetimes: dynamic storage allocation, which is NP-hard.

Several greedy orders first, from both ends of the arena; on real networks one of them mostly meets the lower bound.
Where none does, branch and bound under a time limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_MOST_BLOCKS_TO_SEARCH = 400  # beyond, a node of the search costs so much that the time limit ends it at once


class Request(NamedTuple):
    """Bytes wanted from step `first` to step `last`, both included."""

    bytes: int
    first: int
    last: int


class Placement(NamedTuple):
    """Offsets in the order of the requests; `is_optimal` if no smaller total exists (proved)."""

    offsets: list[int]
    total: int
    is_optimal: bool


def live_bytes(requests: Sequence[Request]) -> list[int]:
    """Bytes alive at each step; its maximum is a lower bound of any arena."""
    steps = max((r.last for r in requests), default=-1) + 1
    change = [0] * (steps + 1)
    for request in requests:
        change[request.first] += request.bytes
        change[request.last + 1] -= request.bytes
    live, total = [], 0
    for each in change[:steps]:
        total += each
        live.append(total)
    return live


def place(requests: Sequence[Request], time_limit_s: float = 0.2) -> Placement:
    """Offsets such that no two requests alive at the same step overlap, with the total as small as found.

    Sizes should be multiples of the alignment: all offsets are sums of sizes.
    """
    bound = max(live_bytes(requests), default=0)
    best: list[int] = []
    total = -1
    for offsets in _greedy_placements(requests, bound):
        size = _total(requests, offsets)
        if total < 0 or size < total:
            best, total = offsets, size
        if total == bound:
            return Placement(best, total, True)
    if len(requests) > _MOST_BLOCKS_TO_SEARCH:
        return Placement(best, total, False)
    search = _Search(requests, bound, best, total, time.perf_counter() + time_limit_s)
    is_optimal = search.run()
    return Placement(search.best, search.total, is_optimal)


def _total(requests: Sequence[Request], offsets: Sequence[int]) -> int:
    return max((o + r.bytes for o, r in zip(offsets, requests, strict=True)), default=0)


_KEYS: tuple[Callable[[Request], tuple[int, ...]], ...] = (
    lambda r: (-r.bytes, r.first),
    lambda r: (r.first, -r.bytes),
    lambda r: (-r.bytes * (r.last - r.first + 1),),
    lambda r: (-(r.last - r.first), -r.bytes),
    lambda r: (-r.last, -r.bytes),
)


def _greedy_placements(requests: Sequence[Request], bound: int) -> Iterator[list[int]]:
    for key in _KEYS:
        keys = [key(request) for request in requests]
        order = sorted(range(len(requests)), key=keys.__getitem__)
        yield _greedy(requests, order, bound, both_ends=False)
        yield _greedy(requests, order, bound, both_ends=True)


def _greedy(requests: Sequence[Request], order: Sequence[int], bound: int, both_ends: bool) -> list[int]:
    """Places in `order`, each in the lowest gap that fits.

    With `both_ends`, blocks that start at odd steps take the highest place below `bound`: results of a chain of ops
    then alternate between the ends, and none lies in the middle of what its successor needs.
    """
    offsets = [0] * len(requests)
    placed: list[tuple[int, int, int, int]] = []  # offset, end, first, last; by offset
    for index in order:
        request = requests[index]
        wants_high = both_ends and request.first % 2 == 1
        low, found = 0, -1
        for start, stop, first, last in placed:
            if first > request.last or last < request.first:
                continue
            if start - low >= request.bytes:
                found = low
                if not wants_high:
                    break
                found = max(low, min(start, bound) - request.bytes)
            low = max(low, stop)
        else:
            if wants_high and bound - low >= request.bytes:
                found = bound - request.bytes
        offsets[index] = low if found < 0 else found
        placed.append((offsets[index], offsets[index] + request.bytes, request.first, request.last))
        placed.sort()
    return offsets


class _Search:
    """Depth-first over orders of placing by rising offset: each block rests on the skyline of those below it.

    A branch dies when, at some step, the skyline (or the current offset, below which nothing more will go) plus
    the bytes that are still to come at that step reach the best total known.
    """

    def __init__(self, requests: Sequence[Request], bound: int, best: list[int], total: int, deadline: float) -> None:
        self.best, self.total = best, total
        self._requests, self._bound, self._deadline = requests, bound, deadline
        self._skyline = [0] * (max(r.last for r in requests) + 1)
        self._coming = live_bytes(requests)
        self._offsets = [-1] * len(requests)

    def run(self) -> bool:
        """Searches; True if the result is proved to be the smallest."""
        stack = [self._candidates(0, -1)]
        undo: list[tuple[int, list[int]]] = []
        while stack:
            if time.perf_counter() > self._deadline:
                return False
            if not stack[-1]:
                stack.pop()
                if undo:
                    self._take_back(*undo.pop())
                continue
            offset, _, index = stack[-1].pop()
            if not self._fits(offset, index):
                continue
            undo.append((index, self._put(offset, index)))
            if len(undo) < len(self._requests):
                stack.append(self._candidates(offset, index))
                continue
            self.best, self.total = list(self._offsets), max(self._skyline)
            if self.total == self._bound:
                return True
            self._take_back(*undo.pop())
        return True

    def _candidates(self, floor: int, previous: int) -> list[tuple[int, int, int]]:
        """(offset, area, index) of blocks to place next, the most promising last.

        Blocks at equal offsets never meet in time, so only one order of them is tried; likewise of equal blocks.
        """
        if any(max(s, floor) + c >= self.total for s, c in zip(self._skyline, self._coming, strict=True) if c):
            return []
        found, seen = [], set()
        for index, request in enumerate(self._requests):
            if self._offsets[index] >= 0 or request in seen:
                continue
            seen.add(request)
            offset = max(self._skyline[request.first : request.last + 1])
            if offset > floor or (offset == floor and index > previous):
                found.append((offset, -request.bytes * (request.last - request.first + 1), index))
        found.sort(reverse=True)
        return found

    def _fits(self, offset: int, index: int) -> bool:
        request = self._requests[index]
        coming = self._coming[request.first : request.last + 1]
        return all(offset + each < self.total for each in coming)

    def _put(self, offset: int, index: int) -> list[int]:
        bytes_, first, last = self._requests[index]
        before = self._skyline[first : last + 1]
        self._skyline[first : last + 1] = [offset + bytes_] * (last + 1 - first)
        for step in range(first, last + 1):
            self._coming[step] -= bytes_
        self._offsets[index] = offset
        return before

    def _take_back(self, index: int, before: list[int]) -> None:
        bytes_, first, last = self._requests[index]
        self._skyline[first : last + 1] = before
        for step in range(first, last + 1):
            self._coming[step] += bytes_
        self._offsets[index] = -1
