"""Size is a tested quantity: firmware for the emulated Cortex-M4F against size_budget.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from rillet.boards import build, load_board
from rillet.boards.board import tomllib
from rillet.boards.target import build_target, prepare_target
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo

BUDGET = tomllib.loads(Path(__file__).with_name("size_budget.toml").read_text("utf-8"))
BOARD = "mps2-an386"


@pytest.mark.parametrize("name", BUDGET)
def test_firmware_stays_within_its_budget(name: str, tmp_path: Path) -> None:
    need_tools(BOARD)
    if name == "server_alone":
        firmware = build(b"", [], load_board(BOARD), tmp_path)
    else:
        firmware = build_target(prepare_target(zoo(TINY[name]), BOARD), tmp_path)
    sizes = firmware.sizes
    assert sizes.stack_bound is not None
    found = {"code": sizes.code, "stack": sizes.stack_bound.bytes, "static": sizes.static}
    for what, limit in BUDGET[name].items():
        assert found[what] <= limit, f"{what} of {name} outgrew its budget: {found}"
        assert found[what] >= 0.85 * limit, f"{what} of {name} shrank: lower its budget to keep it: {found}"
