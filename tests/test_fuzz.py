"""Damaged model files in the C runtime: 100,000 mutations under sanitizers, half of them of files with one operator.

No crash, no hang of a second, no more memory than eight times the file's size plus the arena; the driver
tests/fuzz/mutate.c checks each case.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from rillet.flatbuffer import write_bytes

from . import sanitized
from .fuzz import whole_models
from .ops.harness import build, runs
from .zoo import ZOO

CASES = 50_000
SEED_BYTES = 20_000


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One small model per case of the operator tests, and the small files of the zoo where it is here."""
    folder = tmp_path_factory.mktemp("seeds")
    paths = []
    for number, run in enumerate(runs()):
        content = write_bytes(build(*run).model)
        if len(content) <= SEED_BYTES:
            paths.append(folder / f"{number:04d}.tflite")
            paths[-1].write_bytes(content)
    zoo = [p for p in sorted(ZOO.glob("**/*.tflite")) if p.stat().st_size <= SEED_BYTES]
    return paths + zoo + sorted((ZOO / "conformance" / "malformed").glob("*"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Small models of several operators."""
    folder = tmp_path_factory.mktemp("whole")
    paths = []
    for number, content in enumerate(whole_models.contents()):
        paths.append(folder / f"{number:02d}.tflite")
        paths[-1].write_bytes(content)
    return paths


@pytest.mark.parametrize("kind", ["cases", "whole"])
def test_mutations(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    seeds: list[Path] = request.getfixturevalue(kind)
    crash = tmp_path / "crash.tflite"
    command = [str(sanitized.build() / "mutate"), "-n", str(CASES), "-c", str(crash), *map(str, seeds)]
    environment = os.environ | {"ASAN_OPTIONS": "quarantine_size_mb=16"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, f"{done.stderr[-6000:]}\nrun again: mutate -n 0 {crash}"
    result = json.loads(done.stdout)
    assert result["cases"] == CASES
    assert result["prepared"] > CASES / 50, "too few cases get past the verifier to test what comes after it"
