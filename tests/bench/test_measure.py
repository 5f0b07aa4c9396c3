"""Timing, on a clock that only the measured calls move."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rillet.bench import (
    Cores,
    Effort,
    cores,
    cores_given,
    geometric_mean,
    interleave,
    measure,
    round_trip_ns,
    steady_note,
)
from rillet.runtime.native import ffi, lib


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000
        self.last = ""
        self.us = 5.0

    def perf_counter_ns(self) -> int:
        return self.now_ns

    def perf_counter(self) -> float:
        return self.now_ns / 1e9

    monotonic = perf_counter

    def call(self, name: str, us: float, cold_us: float = 0) -> None:
        """Takes `us`, and `cold_us` more where something else ran before."""
        self.now_ns += int(1000 * (us + (cold_us if self.last != name else 0)))
        self.last = name


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(measure, "time", clock)
    return clock


EFFORT = Effort(warmup_s=0.01, min_runs=50, min_s=0.02, max_s=10)


def test_each_call_has_its_own_time(clock: Clock) -> None:
    quick, slow = interleave([lambda: clock.call("a", 5), lambda: clock.call("b", 3000)], EFFORT)
    assert (quick.min_us, quick.p10_us, quick.median_us, quick.p90_us) == (5, 5, 5, 5)
    assert (slow.min_us, slow.median_us, slow.p90_us) == (3000, 3000, 3000)


def test_cold_caches_after_a_switch_are_not_counted(clock: Clock) -> None:
    timings = interleave([lambda: clock.call("a", 5, 400), lambda: clock.call("b", 3000, 900)], EFFORT)
    assert [t.p90_us for t in timings] == [5, 3000]


def test_enough_of_everything(clock: Clock) -> None:
    for timing, least_s in zip(
        interleave([lambda: clock.call("a", 5), lambda: clock.call("b", 3000)], EFFORT), (0.02, 0.15), strict=True
    ):
        assert timing.runs >= EFFORT.min_runs
        assert timing.runs * timing.median_us / 1e6 >= least_s


def test_time_limit(clock: Clock) -> None:
    (timing,) = interleave([lambda: clock.call("a", 1e6)], Effort(0, 50, 1, max_s=4))
    assert 2 <= timing.runs <= 4


def test_only_rounds_between_two_steady_moments_count(clock: Clock) -> None:
    slow_rounds = iter([True, True, False, False, True, True, False] + [True] * 1000)

    def is_steady() -> bool:
        clock.us = 5 if next(slow_rounds) else 50
        return clock.us == 5

    (timing,) = interleave([lambda: clock.call("a", clock.us)], Effort(0, 50, 0.02, max_s=10), None, is_steady)
    assert timing.median_us == timing.p90_us == 5
    assert 0 < timing.steady < 1


def test_a_machine_that_is_never_steady_is_measured_as_it_is(clock: Clock) -> None:
    effort = Effort(0, 50, 0.02, max_s=10, patience=3)
    (timing,) = interleave([lambda: clock.call("a", 5)], effort, None, lambda: False)
    assert (timing.median_us, timing.steady) == (5, 0)
    assert 0.06 <= timing.runs * 5e-6 < 0.07


def test_cores_given() -> None:
    assert 0.3 < cores_given(2) < 3
    assert cores_given(1) == pytest.approx(1, rel=0.7)


def test_a_round_trip_takes_its_time() -> None:
    assert round_trip_ns() > 10


def test_turns_end_where_nobody_comes() -> None:
    word = ffi.new("uint32_t[32]")
    assert lib.rlt_take_turns(word, 1, 3) == 0
    assert (lib.rlt_take_turns(word, 0, 3), word[0]) == (1, 1)


def test_cores_far_apart_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    trips, given = iter([130.0, 140.0, 400.0, 120.0, float("inf")]), iter([1.9, 1.1, 1.9, 1.8, 1.9])
    monkeypatch.setattr(cores, "round_trip_ns", lambda: next(trips))
    monkeypatch.setattr(cores, "cores_given", lambda threads: next(given))
    watch = Cores(2)
    assert [watch.are_given() for _ in range(3)] == [True, False, False]
    monkeypatch.setattr(cores, "cores_given", lambda threads: 1.9)
    assert [watch.are_given() for _ in range(2)] == [True, False]


def test_steady_note() -> None:
    assert steady_note([1.0, 1.0], 2) is None
    assert "50% to 100%" in (steady_note([1.0, 0.5], 2) or "")
    assert "Do not trust" in (steady_note([1.0, 0.0], 2) or "")


def test_blocks_of_all_alternate(clock: Clock) -> None:
    order: list[str] = []

    def call(name: str) -> None:
        order.append(name)
        clock.call(name, 1000)

    interleave([lambda: call("a"), lambda: call("b"), lambda: call("c")], Effort(0, 4, 0.004))
    switches = [name for before, name in pairwise(order) if name != before]
    assert switches[:6] == ["b", "c", "a", "b", "c", "a"]


def test_progress_grows_to_one(clock: Clock) -> None:
    shares: list[float] = []
    interleave([lambda: clock.call("a", 700)], EFFORT, shares.append)
    assert shares == sorted(shares) and shares[-1] == 1


def test_geometric_mean() -> None:
    assert geometric_mean([2.0, 0.5, 8.0]) == pytest.approx(2.0)
