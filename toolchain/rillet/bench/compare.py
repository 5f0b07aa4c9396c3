"""One model on rillet and on a peer, in one process, interleaved."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import RilletError
from .cores import Cores
from .measure import Effort, Timing, interleave
from .runners import RUNTIMES, runner


@dataclass(frozen=True)
class Comparison:
    """Result for one model. `speedup` is the peer's median over rillet's; `max_difference` that of their outputs."""

    model: str
    threads: int
    rillet: Timing
    peer_name: str | None = None
    peer: Timing | None = None
    max_difference: float | None = None

    @property
    def speedup(self) -> float | None:
        return self.peer.median_us / self.rillet.median_us if self.peer else None


def compare(
    path: Path,
    against: str | None = None,
    threads: int = 1,
    effort: Effort | None = None,
    progress: Callable[[float], None] | None = None,
    float_tolerance: float | None = None,
) -> Comparison:
    """Measures `path` on rillet and, if named, on a peer ("litert"). `float_tolerance`: as in Interpreter.

    On several threads only what ran while the machine gave each a core for itself counts (`Timing.steady`).

    Raises:
        RilletError: unknown peer, peer not installed, or a model that one of the two refuses.
    """
    if against is not None and against not in RUNTIMES[1:]:
        raise RilletError(f"unknown peer '{against}'; there are {', '.join(RUNTIMES[1:])}")
    is_steady = Cores(threads).are_given if threads > 1 else None
    mine, my_outputs = runner("rillet", path, threads, float_tolerance)
    if against is None:
        return Comparison(path.name, threads, interleave([mine], effort, progress, is_steady)[0])
    theirs, their_outputs = runner(against, path, threads)
    ours, peer = interleave([mine, theirs], effort, progress, is_steady)
    return Comparison(path.name, threads, ours, against, peer, max_difference(my_outputs(), their_outputs()))


def max_difference(ours: Sequence[NDArray[Any]], theirs: Sequence[NDArray[Any]]) -> float:
    """The largest difference between two runtimes' outputs, element by element."""
    return max(
        (
            float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)), initial=0.0))
            for a, b in zip(ours, theirs, strict=True)
        ),
        default=0.0,
    )


def geometric_mean(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else float("nan")


def machine_name() -> str:
    """The CPU's name as the system gives it, for the heading of a result."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
