"""Whether the machine gives as many cores as it shows: a virtual one may put two of its processors on one core, or on
cores that share no cache."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ..runtime.native import ffi, lib

_BURST_UNITS = 4_000_000  # some ten microseconds
_BURSTS = 30
_ENOUGH = 0.75  # of what so many whole cores would do; two threads on one core do 0.5
_FAR = 2  # times the shortest way from core to core
_TRIES, _TRIPS = 5, 200


class Cores:
    """Watches whether `threads` threads have cores for themselves, as near to each other as they have ever been."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._nearest_ns = float("inf")

    def are_given(self) -> bool:
        """Whether they have them at this moment. Takes some milliseconds."""
        trip = round_trip_ns()
        self._nearest_ns = min(self._nearest_ns, trip)
        return trip <= _FAR * self._nearest_ns and cores_given(self.threads) > _ENOUGH * self.threads


def cores_given(threads: int) -> float:
    """How many times the multiply-accumulates of one thread `threads` of them do at the same moment, in about 1 ms.

    Near `threads` where each has a core for itself; near 1 where they share one, or others are at work.
    """
    rounds = max(1, _BURST_UNITS // int(lib.rlt_peak(lib.RLT_PEAK_INT8_MACS, ffi.NULL, 0, 1)))

    def burst() -> int:
        return int(lib.rlt_peak(lib.RLT_PEAK_INT8_MACS, ffi.NULL, 0, rounds))

    def rate(others: list[int]) -> float:
        """Units per nanosecond, those of `others` included, while this thread does its bursts."""
        before, begin = sum(others), time.perf_counter_ns()
        mine = sum(burst() for _ in range(_BURSTS))
        return (mine + sum(others) - before) / (time.perf_counter_ns() - begin)

    done = [0] * (threads - 1)
    over = threading.Event()

    def work(index: int) -> None:
        while not over.is_set():
            done[index] += burst()

    with _threads_apart() as start:
        alone = rate([])
        others = [start(work, index) for index in range(threads - 1)]
        while not all(done):
            time.sleep(0)
        together = rate(done)
        over.set()
        for other in others:
            other.join()
    return together / alone


def round_trip_ns() -> float:
    """How long a cache line takes to another thread's core and back: the least of some tries, in about 1 ms.

    Infinite where the other thread does not get to run.
    """
    memory = np.zeros(64, np.uint32)
    word = ffi.from_buffer("uint32_t[]", memory)[16:32]  # alone among 64 bytes before and after
    best = float("inf")
    lib.rlt_take_turns(word, 0, 1)
    with _threads_apart() as start:
        other = start(lib.rlt_take_turns, word, 1, 1 + _TRIES * _TRIPS)
        while other.is_alive() and memory[16] < 2:
            time.sleep(0)
        for _ in range(_TRIES):
            begin = time.perf_counter_ns()
            if lib.rlt_take_turns(word, 0, _TRIPS) < _TRIPS:
                break
            best = min(best, (time.perf_counter_ns() - begin) / _TRIPS)
        other.join()
    return best


def steady_note(shares: Sequence[float], threads: int) -> str | None:
    """What to tell of measurements of which these shares (`Timing.steady`) were steady; None where all were."""
    if all(share == 1 for share in shares):
        return None
    if any(share == 0 for share in shares):
        return f"Do not trust this: the machine did not give {threads} threads {threads} cores."
    least, most = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return (
        f"Of the calls {least if least == most else f'{least} to {most}'} count: "
        f"for the rest of the time the machine did not give {threads} threads {threads} cores, near each other."
    )


@contextmanager
def _threads_apart() -> Iterator[Callable[..., threading.Thread]]:
    """Gives a function that starts a thread which keeps off this one's processor, and this one keeps to it meanwhile,
    where the system allows. A scheduler may leave both on one for milliseconds though another is idle."""
    everywhere = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    here = min(everywhere, default=0)

    def start(work: Callable[..., object], *arguments: object) -> threading.Thread:
        def run() -> None:
            if len(everywhere) > 1:
                os.sched_setaffinity(0, everywhere - {here})
            work(*arguments)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    if everywhere:
        os.sched_setaffinity(0, {here})
    try:
        yield start
    finally:
        if everywhere:
            os.sched_setaffinity(0, everywhere)
