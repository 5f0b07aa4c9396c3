"""The command line run in this process, and a model of the digits example to run it on."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ..zoo import ROOT

DIGITS = ROOT / "examples" / "digits"


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as strict JSON."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


Rillet = Callable[..., Result]


@pytest.fixture
def rillet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Rillet:
    """Runs `rillet ARGUMENTS` in an empty folder."""
    from rillet.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["rillet", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as leave:
            status = leave.code if isinstance(leave.code, int) else 0
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err and "fault in rillet" not in captured.err, captured.err
        assert "\x1b" not in captured.out + captured.err, "colours and cursor movements are for terminals"
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits model, int8."""
    import rillet

    path = tmp_path_factory.mktemp("digits") / "digits_int8.tflite"
    calibration = str(DIGITS / "calibration.npz")
    model = rillet.convert(DIGITS / "digits.keras", recipe="static_wi8_ai8", calibration=calibration)
    rillet.save(model, path)
    return path
