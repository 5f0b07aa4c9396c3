"""The C tests of tests/c, under sanitizers."""

from __future__ import annotations

import subprocess

import pytest

from . import sanitized
from .zoo import ROOT

NAMES = sorted(path.stem for path in (ROOT / "tests" / "c").glob("test_*.c"))


@pytest.mark.parametrize("name", NAMES)
def test_c(name: str) -> None:
    done = subprocess.run([str(sanitized.build() / name)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
