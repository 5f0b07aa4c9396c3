"""Models that are made here, so that tests of boards need no others."""

from __future__ import annotations

import pytest

import rillet
from rillet.flatbuffer import write_bytes
from tests.zoo import ROOT

_DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="session")
def digits() -> bytes:
    """The digits model, int8."""
    return _quantized("static_wi8_ai8")


@pytest.fixture(scope="session")
def digits_float() -> bytes:
    """The same with float activations."""
    return _quantized("dynamic_wi8_afp32")


def _quantized(recipe: str) -> bytes:
    calibration = str(_DIGITS / "calibration.npz")
    return write_bytes(rillet.convert(_DIGITS / "digits.keras", recipe=recipe, calibration=calibration))
