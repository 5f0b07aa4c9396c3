"""The thread pool under ThreadSanitizer, which sees what a run that happens to be right does not show."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .zoo import ROOT

ONE_CORE = shutil.which("taskset")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    runtime, tests = ROOT / "runtime_c", ROOT / "tests" / "c"
    built = tmp_path_factory.mktemp("threads") / "test_threads"
    port = runtime / "port"
    sources = [
        tests / "test_threads.c",
        runtime / "core" / "run.c",
        port / "threads_pthread.c",
        port / "ticks_posix.c",
    ]
    folders = [f"-I{folder}" for folder in (runtime / "include", runtime / "core", tests)]
    flags = ["-std=c11", "-O1", "-g", "-fsanitize=thread", "-pthread"]
    done = subprocess.run(
        [compiler, *flags, *folders, *map(str, sources), "-o", str(built)], capture_output=True, text=True
    )
    if "libtsan" in done.stderr:
        pytest.skip("needs the compiler's ThreadSanitizer")
    assert done.returncode == 0, done.stderr[-4000:]
    return built


@pytest.mark.parametrize("cores", ["all", "one"])
def test_no_races(program: Path, cores: str) -> None:
    if cores == "one" and ONE_CORE is None:
        pytest.skip("needs taskset")
    # The first core of those this process may use: what the workers do not get to do, others do for them.
    limit = [str(ONE_CORE), "-c", str(min(os.sched_getaffinity(0)))] if cores == "one" else []
    done = subprocess.run([*limit, str(program), "4"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
