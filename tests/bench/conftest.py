"""The digits example as float and int8 files."""

from __future__ import annotations

from pathlib import Path

import pytest

import rillet

from ..zoo import ROOT

DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "digits.tflite"
    rillet.save(rillet.convert(DIGITS / "digits.keras"), path)
    return path


@pytest.fixture(scope="session")
def digits_int8(digits: Path) -> Path:
    path = digits.with_name("digits_int8.tflite")
    recipe = {"recipe": "static_wi8_ai8", "calibration": DIGITS / "calibration.npz"}
    rillet.save(rillet.convert(DIGITS / "digits.keras", **recipe), path)
    return path
