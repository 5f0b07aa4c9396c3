"""Models that are made here, so that tests of boards need no others, and firmware that many tests share."""

from __future__ import annotations

import pytest

import rillet
from rillet.boards import Firmware, build, load_board
from rillet.flatbuffer import write_bytes
from tests.boards.tools import Builder, need_tools
from tests.devices.images import image_without_steps
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


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Firmware with tensors but no steps for a board, built once."""
    folder = tmp_path_factory.mktemp("firmware")
    made: dict[str, Firmware] = {}

    def make(name: str) -> Firmware:
        need_tools(name)
        if name not in made:
            made[name] = build(image_without_steps(), [], load_board(name), folder / name, model_name="by hand")
        return made[name]

    return make


def _quantized(recipe: str) -> bytes:
    calibration = str(_DIGITS / "calibration.npz")
    return write_bytes(rillet.convert(_DIGITS / "digits.keras", recipe=recipe, calibration=calibration))
