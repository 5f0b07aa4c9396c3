"""Offsets never overlap, and what is called optimal is: against all orders of greedy placing, on small cases."""

from __future__ import annotations

import itertools
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from rillet.memory.placement import Request, _greedy, live_bytes, place


def requests(most: int, sizes: int, steps: int = 12) -> st.SearchStrategy[list[Request]]:
    one = st.tuples(st.integers(1, sizes), st.integers(0, steps), st.integers(0, steps))
    return st.lists(one.map(lambda r: Request(16 * r[0], min(r[1:]), max(r[1:]))), max_size=most)


@settings(max_examples=200, deadline=None)
@given(requests(30, 40))
def test_no_two_live_blocks_overlap(wanted: list[Request]) -> None:
    found = place(wanted, time_limit_s=0.02)
    ends = [offset + request.bytes for offset, request in zip(found.offsets, wanted, strict=True)]
    assert found.total == max(ends, default=0) >= max(live_bytes(wanted), default=0)
    for (a, i), (b, j) in itertools.combinations(zip(wanted, range(len(wanted)), strict=True), 2):
        if a.first <= b.last and b.first <= a.last:
            assert ends[i] <= found.offsets[j] or ends[j] <= found.offsets[i]


@settings(max_examples=150, deadline=None)
@given(requests(6, 6, 6))
def test_the_exact_search_finds_the_smallest(wanted: list[Request]) -> None:
    """Some order of lowest-fit placing gives an optimal arena, so the best of all orders is the judge."""

    def total(order: tuple[int, ...]) -> int:
        offsets = _greedy(wanted, order, 0, both_ends=False)
        return max((o + r.bytes for o, r in zip(offsets, wanted, strict=True)), default=0)

    found = place(wanted, time_limit_s=5)
    assert found.is_optimal
    assert found.total == min(total(order) for order in itertools.permutations(range(len(wanted))))


def test_search_beats_greedy_where_greedy_fails() -> None:
    """A case (found among random ones) where every greedy order needs 14 units and the search 13, the lower bound."""
    case = [Request(2, 3, 7), Request(6, 1, 4), Request(4, 9, 9), Request(2, 6, 6), Request(5, 5, 9), Request(4, 2, 6)]
    greedy_only = place(case, time_limit_s=0)
    searched = place(case, time_limit_s=5)
    assert not greedy_only.is_optimal and searched.is_optimal
    assert (greedy_only.total, searched.total) == (14, 13)


def test_time_limit_holds() -> None:
    many = [Request(16 * (1 + 7 * i % 13), 5 * i % 50, min(59, 5 * i % 50 + 3 + i % 7)) for i in range(200)]
    start = time.perf_counter()
    place(many, time_limit_s=0.2)
    assert time.perf_counter() - start < 1.0
