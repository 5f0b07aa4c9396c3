"""The peak test: the C functions by instruction set, the machine's caches, the figures of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rillet.bench import measure_peak
from rillet.bench.peak import caches
from rillet.runtime import cpu_isa
from rillet.runtime.native import ffi, lib


def test_caches(tmp_path: Path) -> None:
    for index, (kind, level, size) in enumerate([("Data", 1, "48K"), ("Instruction", 1, "32K"), ("Unified", 2, "2M")]):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        for name, value in (("type", kind), ("level", level), ("size", size)):
            (folder / name).write_text(f"{value}\n")
    assert caches(tmp_path) == [("L1", 48 << 10), ("L2", 2 << 20)]
    assert [name for name, _ in caches(tmp_path / "absent")] == ["L1", "L2"]


def test_peak_of_this_machine() -> None:
    peak = measure_peak()
    assert peak.int8_gmac_per_s > 0.1 and peak.float_gmac_per_s > 0.1
    assert [level.nbytes is None for level in peak.levels] == [False] * (len(peak.levels) - 1) + [True]
    assert peak.levels[0].gb_per_s > peak.levels[-1].gb_per_s > 0.1
    assert peak.level(1) == peak.levels[0] and peak.level(1 << 40) == peak.levels[-1]
    assert measure_peak() is peak


@pytest.mark.parametrize("isa", cpu_isa())
def test_work_done(isa: str) -> None:
    """Units are proportional to rounds: ten chains of one instruction each, or what the plain C does."""
    code = (
        "from rillet.runtime.native import ffi, lib; import numpy as np;"
        "a = np.ones(1024 + 64, np.uint8); a = a[-a.ctypes.data % 64:][:1024]; b = ffi.from_buffer(a);"
        "print(*(lib.rlt_peak(k, b, 1024, r) for k in range(3) for r in (1, 7)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "RILLET_ISA": isa}, check=True, capture_output=True, text=True
    )
    units = [int(word) for word in done.stdout.split()]
    assert units[1::2] == [7 * each for each in units[::2]]
    per_round = {"avx2": [160, 80], "avxvnni": [320, 80], "avx512vnni": [640, 160]}.get(isa, [1024, 32])
    assert units[:4:2] == per_round and units[4] == 1024


def test_reading_refuses_what_it_cannot_read() -> None:
    memory = np.ones(1024 + 64, np.uint8)
    aligned = memory[-memory.ctypes.data % 64 :]
    assert lib.rlt_peak(lib.RLT_PEAK_READ_BYTES, ffi.NULL, 512, 1) == 0
    assert lib.rlt_peak(lib.RLT_PEAK_READ_BYTES, ffi.from_buffer(aligned), 500, 1) == 0
    assert lib.rlt_peak(lib.RLT_PEAK_READ_BYTES, ffi.from_buffer(aligned[1:]), 512, 1) == 0
    assert lib.rlt_peak(lib.RLT_PEAK_READ_BYTES, ffi.from_buffer(aligned), 512, 1) == 512
