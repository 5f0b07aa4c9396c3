"""README.md shows the results that lie in benchmarks/results."""

from __future__ import annotations

import subprocess
import sys

from ..zoo import ROOT


def test_readme_has_the_newest_results() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "readme.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
