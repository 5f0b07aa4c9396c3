"""Timing: interleaved blocks of calls, medians. A ratio of medians taken this way holds on a noisy machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Call = Callable[[], None]

_BLOCK_SECONDS = 0.002


@dataclass(frozen=True)
class Effort:
    """How long to measure: after `warmup_s`, at least `min_runs` calls and `min_s` seconds each, at most `max_s`.

    A machine that is not steady gets `patience` times the calls and seconds before what was measured is taken as it is.
    """

    warmup_s: float = 1.0
    min_runs: int = 50
    min_s: float = 1.0
    max_s: float = 150.0
    patience: float = 5.0


@dataclass(frozen=True)
class Timing:
    """Times of single calls, microseconds.

    `steady` is the share of all calls that took place while the machine was steady; the figures are of those alone,
    unless there were none.
    """

    runs: int
    median_us: float
    p10_us: float
    p90_us: float
    min_us: float
    steady: float = 1.0

    @classmethod
    def of(cls, steady: Sequence[int], unsteady: Sequence[int] = ()) -> Timing:
        """Of nanoseconds."""
        chosen = np.array(steady or unsteady, np.int64)
        low, middle, high = np.percentile(chosen, [10, 50, 90]) / 1e3
        share = len(steady) / (len(steady) + len(unsteady))
        return cls(len(chosen), float(middle), float(low), float(high), float(chosen.min()) / 1e3, share)


def interleave(
    calls: Sequence[Call],
    effort: Effort | None = None,
    progress: Callable[[float], None] | None = None,
    is_steady: Callable[[], bool] | None = None,
) -> list[Timing]:
    """Times each of `calls` in turn, A B A B, in blocks of some milliseconds so that each finds its caches warm.

    `progress` receives the finished share, 0 to 1. `is_steady` is asked between rounds: one that does not begin and
    end with "yes" is kept apart.
    """
    effort = effort or Effort()
    is_steady = is_steady or (lambda: True)
    blocks = [_warm_up(call, effort.warmup_s) for call in calls]
    kept, apart = _Samples(len(calls)), _Samples(len(calls))
    start, was_steady = time.monotonic(), is_steady()
    share = 0.0
    while share < 1 and time.monotonic() - start <= effort.max_s:
        times = [_block(call, runs) for call, runs in zip(calls, blocks, strict=True)]
        begins_steady, was_steady = was_steady, is_steady()
        (kept if begins_steady and was_steady else apart).add(times)
        share = max(kept.share(effort), apart.share(effort) / effort.patience)
        if progress:
            progress(min(1.0, share))
    return [Timing.of(*samples) for samples in zip(kept.times, apart.times, strict=True)]


class _Samples:
    """Nanoseconds of single calls, for each of `count` that are compared."""

    def __init__(self, count: int) -> None:
        self.times: list[list[int]] = [[] for _ in range(count)]
        self._sums = [0] * count

    def add(self, times: Sequence[list[int]]) -> None:
        for index, block in enumerate(times):
            self.times[index] += block
            self._sums[index] += sum(block)

    def share(self, effort: Effort) -> float:
        """How much of the effort is done: 1 where every call has runs and seconds enough."""
        runs = min(len(times) for times in self.times) / max(1, effort.min_runs)
        return min(runs, min(self._sums) / 1e9 / effort.min_s if effort.min_s else 1.0)


def _block(call: Call, runs: int) -> list[int]:
    """Nanoseconds of each of `runs` calls."""
    call()  # refills the caches that another's block took
    times = []
    for _ in range(runs):
        before = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - before)
    return times


def _warm_up(call: Call, seconds: float) -> int:
    """Calls for `seconds`; returns how many calls make a block."""
    runs, start = 0, time.perf_counter()
    while runs < 2 or time.perf_counter() - start < seconds:
        call()
        runs += 1
    each = (time.perf_counter() - start) / runs
    return max(1, int(_BLOCK_SECONDS / each))
