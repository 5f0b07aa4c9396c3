"""The public runner of MLPerf Tiny, unchanged, against our firmware on the emulated Cortex-M4F.

Needs a copy of mlcommons/tiny's benchmark/runner in RILLET_MLPERF_RUNNER, and what it imports (pyusb, pyyaml,
joulescope, scikit-learn, matplotlib).
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import threading
import tty
from pathlib import Path

import pytest

from rillet.devices import LinkGone
from tests.boards.test_mlperf_tiny import firmware_stream, some_samples

# The runner looks for USB identities, which a pty has none of: this much of the machine is described to it.
PORTS = """
from serial.tools import list_ports
import usb.core

class Port:
    vid, pid, device, description = 0x0483, 0x374B, {port!r}, "pty"

list_ports.comports = lambda *ignored: [Port]
usb.core.find = lambda **ignored: []
"""


def test_public_runner(tmp_path: Path) -> None:
    runner = os.environ.get("RILLET_MLPERF_RUNNER")
    if not runner:
        pytest.skip("RILLET_MLPERF_RUNNER does not name a copy of mlcommons/tiny's benchmark/runner")
    spread = some_samples("dscnn", tmp_path / "all", 1000)
    # Its AUC wants every class.
    samples = [s for label in range(12) for s in [s for s in spread if s.label == label][:3]]
    folder = tmp_path / "data" / "kws01"
    folder.mkdir(parents=True)
    (folder / "y_labels.csv").write_text("".join(f"{s.file.name},12,{s.label}\n" for s in samples))
    for sample in samples:
        shutil.copy(sample.file, folder)
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    (tmp_path / "sitecustomize.py").write_text(PORTS.format(port=os.ttyname(theirs)))
    with firmware_stream("dscnn", "mps2-an386", tmp_path) as stream:

        def to_device() -> None:
            try:
                while True:
                    stream.write(os.read(ours, 4096))
            except (OSError, LinkGone):
                return

        def from_device() -> None:
            try:
                while True:
                    os.write(ours, stream.read(0.2))
            except (OSError, LinkGone):
                return

        for pump in (to_device, from_device):
            threading.Thread(target=pump, daemon=True).start()
        words = ["main.py", f"--dataset_path={folder.parent}", "--device_list=devices_kws_ic_vww.yaml", "--mode=a"]
        path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path}
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=runner, env=environment, capture_output=True, text=True, timeout=120)
    os.close(theirs)
    os.close(ours)
    found = re.search(r"Top 1% = ([0-9.]+)", done.stdout)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    assert float(found[1]) > 80
