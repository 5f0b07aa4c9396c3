"""Timing, on a clock that only the measured calls move."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rillet.bench import Effort, geometric_mean, interleave, measure


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000
        self.last = ""

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
