"""The C tests and the fuzzing driver, built once with AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .zoo import ROOT

FOLDER = ROOT / "build" / "sanitized"


@functools.cache
def build() -> Path:
    """Configures and builds (incrementally) and returns the folder of the programs."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    cmake, ninja = shutil.which("cmake", path=places), shutil.which("ninja", path=places)
    if cmake is None or ninja is None or shutil.which("cc") is None:
        pytest.skip("needs cmake, ninja and a C compiler: pip install cmake ninja")
    options = ["-DRLT_TESTS=ON", "-DRLT_SANITIZE=ON", "-DRLT_SHARED=OFF", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    _run([cmake, "-S", str(ROOT / "runtime_c"), "-B", str(FOLDER), "-G", "Ninja", *options])
    _run([cmake, "--build", str(FOLDER)])
    return FOLDER / "tests"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
