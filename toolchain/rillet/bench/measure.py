"""Timing: interleaved blocks of calls, medians. A ratio of medians taken this way holds on a noisy machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Call = Callable[[], None]

_BLOCK_SECONDS = 0.002


@dataclass(frozen=True)
class Effort:
    """How long to measure: after `warmup_s`, at least `min_runs` calls and `min_s` seconds each, at most `max_s`."""

    warmup_s: float = 1.0
    min_runs: int = 50
    min_s: float = 1.0
    max_s: float = 150.0


@dataclass(frozen=True)
class Timing:
    """Times of single calls, microseconds."""

    runs: int
    median_us: float
    p10_us: float
    p90_us: float
    min_us: float

    @classmethod
    def of(cls, nanoseconds: NDArray[np.int64]) -> Timing:
        low, middle, high = np.percentile(nanoseconds, [10, 50, 90]) / 1e3
        return cls(len(nanoseconds), float(middle), float(low), float(high), float(nanoseconds.min()) / 1e3)


def interleave(
    calls: Sequence[Call], effort: Effort | None = None, progress: Callable[[float], None] | None = None
) -> list[Timing]:
    """Times each of `calls` in turn, A B A B, in blocks of some milliseconds so that each finds its caches warm.

    `progress` receives the finished share, 0 to 1.
    """
    effort = effort or Effort()
    blocks = [_warm_up(call, effort.warmup_s) for call in calls]
    samples: list[list[int]] = [[] for _ in calls]
    spent = [0.0] * len(calls)
    start = time.monotonic()
    while not all(len(s) >= effort.min_runs and t >= effort.min_s for s, t in zip(samples, spent, strict=True)):
        for index, call in enumerate(calls):
            call()  # the first of a block refills the caches that the other's block took
            begin = time.perf_counter_ns()
            for _ in range(blocks[index]):
                before = time.perf_counter_ns()
                call()
                samples[index].append(time.perf_counter_ns() - before)
            spent[index] += (time.perf_counter_ns() - begin) / 1e9
        if progress:
            progress(min(1.0, min(spent) / effort.min_s))
        if time.monotonic() - start > effort.max_s:
            break
    return [Timing.of(np.array(s, np.int64)) for s in samples]


def _warm_up(call: Call, seconds: float) -> int:
    """Calls for `seconds`; returns how many calls make a block."""
    runs, start = 0, time.perf_counter()
    while runs < 2 or time.perf_counter() - start < seconds:
        call()
        runs += 1
    each = (time.perf_counter() - start) / runs
    return max(1, int(_BLOCK_SECONDS / each))
