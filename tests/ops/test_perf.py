"""Kernels' times on the PERF cases; runs with --perf only. Compare columns of one line: the machine may be shared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from . import harness
from .case import Case

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import native

from . import run_c

SECONDS = 0.15
RUNS = [(case, variant) for case in harness.collect("PERF") for variant in ("plain", *case.quantized)]


@pytest.mark.parametrize("run", RUNS, ids=harness.run_name)
def test_perf(run: tuple[Case, str], report: list[str]) -> None:
    one = harness.build(*run)
    calls: dict[str, Callable[[], None]] = {}
    for isa in native.cpu_isa():
        session = run_c.Guarded(one, isa)
        calls[session.plan.steps[-1].kernel] = session.invoke
    calls["LiteRT"] = harness.litert(one, "BUILTIN").invoke
    times = {name: [_timed(call)] for name, call in calls.items()}
    end = time.perf_counter() + SECONDS * len(calls)
    while time.perf_counter() < end:
        for name, call in calls.items():  # in turn, so that a slow moment of the machine meets all alike
            times[name].append(_timed(call))
    medians = {name: statistics.median(values) for name, values in times.items()}
    columns = "  ".join(f"{name} {value:.1f}" for name, value in medians.items())
    report.append(f"{harness.run_name(run):56} {one.macs / 1e6:8.2f} MMAC  {columns}")


def _timed(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e6
