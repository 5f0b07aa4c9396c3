"""The rows of the benchmark: each model on rillet and LiteRT, one thread and two, and what loading it costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import tomllib

from rillet.bench import (
    RUNTIMES,
    Cores,
    Effort,
    Timing,
    for_lesser,
    geometric_mean,
    interleave,
    max_difference,
    ready_session,
    runner,
)
from rillet.flatbuffer import read
from rillet.ops import registry
from rillet.runtime import cpu_isa

HERE = Path(__file__).resolve().parent
THREADS = (1, 2)
CORES = Cores(max(THREADS))
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Entry:
    """A line of models.toml."""

    path: str
    kind: str
    aim: float

    @property
    def name(self) -> str:
        return Path(self.path).stem


@dataclass(frozen=True)
class Row:
    """Results for one model. Times are medians of single calls; `speedup` is LiteRT's time over rillet's.

    Attributes:
        timings: by number of threads, then by runtime.
        scaling: rillet's time on one thread over that on two.
        lesser: for instruction sets between the portable one and this CPU's best, rillet's time with the best over
            that with the lesser, on one thread.
        max_difference: of the two runtimes' outputs.
        load: by runtime, medians over processes of the figures that child.py gives.
        problem: why there is no result.
    """

    entry: Entry
    mmac: float = 0.0
    timings: Mapping[int, Mapping[str, Timing]] = field(default_factory=dict)
    speedup: Mapping[int, float] = field(default_factory=dict)
    scaling: float | None = None
    lesser: Mapping[str, float] = field(default_factory=dict)
    max_difference: float | None = None
    load: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    problem: str | None = None

    @property
    def memory_share(self) -> float | None:
        """Rillet's growth of the process over LiteRT's."""
        if not self.load:
            return None
        return self.load["rillet"]["growth_bytes"] / max(1, self.load["litert"]["growth_bytes"])

    def plain(self) -> dict[str, Any]:
        return {"model": self.entry.name, **asdict(self), "memory_share": self.memory_share}


def entries(path: Path = HERE / "models.toml") -> list[Entry]:
    return [Entry(**each) for each in tomllib.loads(path.read_text())["model"]]


def measure_row(entry: Entry, model: Path, effort: Effort, processes: int, progress: Progress) -> Row:
    """All figures of one model; `progress` receives the finished share."""
    cases = [(threads, runtime) for threads in THREADS for runtime in RUNTIMES]
    runners = [runner(runtime, model, threads) for threads, runtime in cases]
    session, isas = ready_session(model, 1), cpu_isa()[1:-1]
    calls = [call for call, _ in runners] + [for_lesser(session, isa).invoke for isa in isas]
    measured = interleave(calls, effort, lambda share: progress(0.7 * share), CORES.are_given)
    best = measured[0].median_us
    timings: dict[int, dict[str, Timing]] = {threads: {} for threads in THREADS}
    for (threads, runtime), timing in zip(cases, measured, strict=False):
        timings[threads][runtime] = timing
    load = load_costs(model, processes, lambda share: progress(0.7 + 0.3 * share))
    return Row(
        entry,
        _mmac(model),
        timings,
        {n: t["litert"].median_us / t["rillet"].median_us for n, t in timings.items()},
        best / timings[2]["rillet"].median_us,
        {isa: best / timing.median_us for isa, timing in zip(isas, measured[len(cases) :], strict=True)},
        max_difference(runners[0][1](), runners[1][1]()),
        load,
    )


def load_costs(model: Path, processes: int, progress: Progress) -> dict[str, dict[str, float]]:
    """Runs child.py `processes` times for each runtime, in turn."""
    found: dict[str, list[dict[str, float]]] = {runtime: [] for runtime in RUNTIMES}
    for index in range(processes):
        for runtime in RUNTIMES:
            done = subprocess.run(
                [sys.executable, str(HERE / "child.py"), runtime, str(model)],
                check=True,
                capture_output=True,
                text=True,
            )
            found[runtime].append(json.loads(done.stdout))
        progress((index + 1) / processes)
    return {
        runtime: {key: statistics.median(each[key] for each in results) for key in results[0]}
        for runtime, results in found.items()
    }


def means(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Geometric means over integer rows, float rows and all: of the speed-ups by number of threads ("1", "2"), and of
    the lesser instruction sets' speeds by name ("avx2")."""
    measured = [row for row in rows if row.timings]
    groups = {
        "int8 and uint8": [row for row in measured if row.entry.kind != "float"],
        "float": [row for row in measured if row.entry.kind == "float"],
        "all": measured,
    }
    return {
        name: {
            **{str(n): geometric_mean([row.speedup[n] for row in group]) for n in THREADS},
            **{isa: geometric_mean([row.lesser[isa] for row in group]) for isa in group[0].lesser},
        }
        for name, group in groups.items()
        if group
    }


def _mmac(model: Path) -> float:
    kinds = registry()
    return sum(kinds[op.kind].macs(op) for op in read(model).main.ops if op.kind in kinds) / 1e6
