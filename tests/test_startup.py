"""`import rillet` is quick and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, time
import numpy
start = time.perf_counter()
import rillet
spent = time.perf_counter() - start
heavy = {"onnx", "h5py", "torch", "matplotlib", "PIL", "ai_edge_litert", "serial", "click"} & set(sys.modules)
print(spent * 1000, ",".join(sorted(heavy)))
"""


def test_import_time() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout.split(" ")
        for _ in range(3)
    ]
    assert min(float(run[0]) for run in runs) < 150
    assert all(run[1].strip() == "" for run in runs)
