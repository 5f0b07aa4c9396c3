"""Code, arena, stack and variables of the M4 firmware stay within size_budget.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rillet.boards.footprint import footprint
from rillet.conversion import convert
from rillet.flatbuffer import write
from tests.zoo import ROOT, zoo

tomllib = pytest.importorskip("tomllib")
BUDGET: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("size_budget.toml").read_text())


@pytest.mark.parametrize("name", BUDGET)
def test_firmware_stays_within_its_budget(name: str, tmp_path: Path) -> None:
    budget = dict(BUDGET[name])
    file = budget.pop("file")
    if file == "examples":
        model = tmp_path / "digits.tflite"
        digits = ROOT / "examples" / "digits"
        write(convert(digits / "digits.keras", recipe="static_wi8_ai8", calibration=digits / "calibration.npz"), model)
    else:
        model = zoo(file)
    took = footprint(model, "mps2-an386")
    assert took.stack_bound_bytes is not None
    sizes = {
        "code": took.code_bytes,
        "arena": took.arena_bytes,
        "stack": took.stack_bound_bytes,
        "static": took.static_bytes,
    }
    assert all(sizes[what] <= limit for what, limit in budget.items()), f"{name}: {sizes}, allowed {budget}"
    assert all(sizes[what] > 0.8 * limit for what, limit in budget.items()), f"{name}: budget is too generous: {sizes}"
