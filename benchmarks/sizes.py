"""Bytes of the two runtimes' libraries, stripped."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rillet_library() -> int | None:
    """Builds librillet.so from runtime_c (incrementally) and strips it; None without the tools for that."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    tools = [shutil.which(name, path=places) for name in ("cmake", "ninja", "cc", "strip")]
    if None in tools:
        return None
    cmake, ninja, _, strip = (str(tool) for tool in tools)
    folder = ROOT / "build" / "library"
    options = ["-DRLT_SHARED=ON", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    _run(cmake, "-S", str(ROOT / "runtime_c"), "-B", str(folder), "-G", "Ninja", *options)
    _run(cmake, "--build", str(folder), "--target", "rillet")
    built = next(path for path in folder.iterdir() if path.suffix in (".so", ".dylib"))
    with tempfile.TemporaryDirectory() as place:
        stripped = Path(place) / built.name
        _run(strip, "-o", str(stripped), str(built))
        return stripped.stat().st_size


def litert_library() -> int | None:
    """The largest shared library of the installed ai-edge-litert, as it is delivered; None where it is not there."""
    found = importlib.util.find_spec("ai_edge_litert")
    if found is None or not found.submodule_search_locations:
        return None
    return max((p.stat().st_size for p in Path(found.submodule_search_locations[0]).rglob("*.so*")), default=None)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
