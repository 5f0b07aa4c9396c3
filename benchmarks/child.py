"""One runtime and one model in a process of its own: `child.py rillet|litert MODEL` prints what loading costs, as JSON.

first_ms        constructing the interpreter and allocating its tensors, the first time in the process
again_ms        the same afterwards, median of REPEATS
growth_bytes    growth of the process's resident memory, from before the first to after one inference
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from rillet.bench.runners import interpreter_class, random_inputs

REPEATS = 5


def loaded(make: Callable[[], Any]) -> tuple[Any, float]:
    """An interpreter ready to run, and the milliseconds that took."""
    start = time.perf_counter()
    interpreter = make()
    interpreter.allocate_tensors()
    return interpreter, (time.perf_counter() - start) * 1e3


def measure(runtime: str, path: Path) -> dict[str, float]:
    kind = interpreter_class(runtime)
    process = psutil.Process()

    def make() -> Any:
        return kind(str(path), num_threads=1)

    random_inputs([{"name": "", "dtype": np.float32, "shape": (1,)}])  # numpy loads its generators on first use
    before = process.memory_info().rss
    interpreter, first = loaded(make)
    details = interpreter.get_input_details()
    for detail, array in zip(details, random_inputs(details), strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    growth = process.memory_info().rss - before
    del interpreter
    again = [loaded(make)[1] for _ in range(REPEATS)]
    return {"first_ms": first, "again_ms": statistics.median(again), "growth_bytes": growth}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
