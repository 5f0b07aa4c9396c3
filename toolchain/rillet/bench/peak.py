"""This machine's peak, measured: multiply-accumulates per second, bytes per second from each cache and from memory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from ..runtime.native import ffi, lib

_SECONDS = 0.06  # for one figure
_BURST_UNITS = 4_000_000  # in one burst: some tens of microseconds, which other programs seldom disturb
_BURST_BYTES = 1 << 20
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_COMMON_CACHES = [("L1", 32 << 10), ("L2", 512 << 10)]  # where the system does not tell
_MEMORY_LEAST, _MEMORY_MOST = 32 << 20, 256 << 20


@dataclass(frozen=True)
class Level:
    """A cache ("L2") or "memory": how many bytes it holds (None: all), and its reading rate."""

    name: str
    nbytes: int | None
    gb_per_s: float


@dataclass(frozen=True)
class Peak:
    """The most that `threads` cores do, with the instruction sets that rillet uses (RILLET_ISA considered).

    Rates are the best of many short bursts: what the hardware can do, whoever else is using it now.
    `levels` go from the smallest cache to memory.
    """

    threads: int
    int8_gmac_per_s: float
    float_gmac_per_s: float
    levels: tuple[Level, ...]

    def level(self, nbytes: int) -> Level:
        """The nearest level that holds `nbytes`."""
        return next(level for level in self.levels if level.nbytes is None or nbytes <= level.nbytes)


@cache
def measure_peak(threads: int = 1) -> Peak:
    """Measures for some tenths of a second, once per process and number of threads."""
    sizes = caches()
    largest = max(nbytes for _, nbytes in sizes)
    memory = min(max(2 * largest, _MEMORY_LEAST), _MEMORY_MOST)
    # Half of a cache, so that whatever else is in it does not matter.
    levels = [Level(name, nbytes, _on_all(threads, partial(_reading, nbytes // 2))) for name, nbytes in sizes]
    return Peak(
        threads=threads,
        int8_gmac_per_s=_on_all(threads, partial(_calculating, lib.RLT_PEAK_INT8_MACS)),
        float_gmac_per_s=_on_all(threads, partial(_calculating, lib.RLT_PEAK_FLOAT_MACS)),
        levels=(*levels, Level("memory", None, _on_all(threads, partial(_reading, memory)))),
    )


def caches(folder: Path = _CACHES) -> list[tuple[str, int]]:
    """Name and bytes of each data cache of the first core, smallest first."""
    found = {}
    for index in folder.glob("index*"):
        try:
            kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
        except OSError:
            continue
        number = re.fullmatch(r"(\d+)([KMG]?)", size)
        if kind != "Instruction" and number:
            found[f"L{level}"] = int(number[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[number[2]]
    return sorted(found.items(), key=lambda each: each[1]) or _COMMON_CACHES


def _on_all(threads: int, measure: Callable[[], float]) -> float:
    """The sum over threads that measure at the same moment."""
    with ThreadPoolExecutor(threads) as pool:
        return sum(future.result() for future in [pool.submit(measure) for _ in range(threads)])


def _calculating(kind: int) -> float:
    rounds = max(1, _BURST_UNITS // int(lib.rlt_peak(kind, ffi.NULL, 0, 1)))
    return _best(lambda: int(lib.rlt_peak(kind, ffi.NULL, 0, rounds)))


def _reading(nbytes: int) -> float:
    nbytes -= nbytes % 512
    memory = np.ones(nbytes + 64, np.uint8)  # ones: the pages of zeros are all the same page
    start = -memory.ctypes.data % 64
    buffer = ffi.from_buffer(memory[start : start + nbytes])
    rounds = max(1, _BURST_BYTES // nbytes)
    return _best(lambda: int(lib.rlt_peak(lib.RLT_PEAK_READ_BYTES, buffer, nbytes, rounds)))


def _best(burst: Callable[[], int]) -> float:
    """The best rate of a burst, units per nanosecond; at least three bursts, the first not counted."""
    burst()
    best, count, end = 0.0, 0, time.monotonic() + _SECONDS
    while count < 3 or time.monotonic() < end:
        before = time.perf_counter_ns()
        units = burst()
        best = max(best, units / max(1, time.perf_counter_ns() - before))
        count += 1
    return best
