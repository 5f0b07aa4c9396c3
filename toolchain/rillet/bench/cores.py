"""Whether the machine gives as many cores as it shows: a virtual one may put two of its processors on one core."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from ..runtime.native import ffi, lib

_BURST_UNITS = 4_000_000  # some ten microseconds
_BURSTS = 30
_ENOUGH = 0.75  # of what so many whole cores would do; two threads on one core do 0.5


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

    alone = rate([])
    helpers = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(threads - 1)]
    for helper in helpers:
        helper.start()
    while not all(done):
        time.sleep(0)
    together = rate(done)
    over.set()
    for helper in helpers:
        helper.join()
    return together / alone


def gives_cores(threads: int) -> bool:
    """Whether `threads` threads have cores for themselves at this moment."""
    return cores_given(threads) > _ENOUGH * threads


def steady_note(shares: Sequence[float], threads: int) -> str | None:
    """What to tell of measurements of which these shares (`Timing.steady`) were steady; None where all were."""
    if all(share == 1 for share in shares):
        return None
    if any(share == 0 for share in shares):
        return f"Do not trust this: the machine did not give {threads} threads {threads} cores."
    least, most = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return (
        f"Of the calls {least if least == most else f'{least} to {most}'} count: "
        f"for the rest of the time the machine did not give {threads} threads {threads} cores."
    )
