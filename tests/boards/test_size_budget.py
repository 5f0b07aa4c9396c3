"""Code, arena, stack and variables of firmware stay within size_budget.toml and within shares of the peer's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rillet.boards.footprint import footprint
from rillet.conversion import convert
from rillet.flatbuffer import write
from tests.boards.tools import need_tools
from tests.zoo import ROOT, zoo

tomllib = pytest.importorskip("tomllib")
BUDGETS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("size_budget.toml").read_text())["budget"]
PEER: dict[str, dict[str, Any]] = {
    m["name"]: m for m in tomllib.loads((ROOT / "benchmarks" / "microcontrollers.toml").read_text())["model"]
}
CORES = {"mps2-an386": "M4F", "mps3-an547": "M55"}
MOST_RAM, MOST_CODE = 0.75, 0.5  # of the peer's arena and stack, and of its code with kernels at -O2
SESSION_BYTES = 64  # what the runtime keeps of an open model; other variables are the wire protocol's


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda b: f"{b['model']}-{b['board']}")
def test_firmware_stays_within_its_budget(budget: dict[str, Any], tmp_path: Path) -> None:
    name, board = budget["model"], budget["board"]
    need_tools(board)
    if name == "digits":
        model = tmp_path / "digits.tflite"
        digits = ROOT / "examples" / "digits"
        write(convert(digits / "digits.keras", recipe="static_wi8_ai8", calibration=digits / "calibration.npz"), model)
    else:
        model = zoo(PEER[name]["path"])
    took = footprint(model, board)
    assert took.stack_bound_bytes is not None
    sizes = {
        "code": took.code_bytes,
        "arena": took.arena_bytes,
        "stack": took.stack_bound_bytes,  # test_models.py compares it with the painted stack
        "static": took.static_bytes,
    }
    limits = {what: budget[what] for what in sizes}
    assert all(sizes[what] <= limit for what, limit in limits.items()), f"{name}: {sizes}, allowed {limits}"
    assert all(sizes[what] > 0.8 * limit for what, limit in limits.items()), f"{name}: budget is too generous: {sizes}"
    if name in PEER:
        peer = PEER[name]
        ram, others = (
            sizes["arena"] + sizes["stack"] + SESSION_BYTES,
            peer["peer_arena"][CORES[board]] + peer["peer_stack"],
        )
        assert ram <= MOST_RAM * others, f"{name}: {ram} of {others} bytes of RAM"
        assert sizes["code"] <= MOST_CODE * peer["peer_code"], (
            f"{name}: {sizes['code']} of {peer['peer_code']} bytes of code"
        )
