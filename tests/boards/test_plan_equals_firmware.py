"""What `rillet plan --board` says is what the built firmware has: sections to the byte, and the stack that runs use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.boards import open_firmware
from rillet.boards.elf import Elf
from rillet.boards.footprint import footprint
from rillet.boards.target import build_target, prepare_target
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo

# What the bound takes for GCC's support routines, which come without a call graph.
STACK_MARGIN = 128


def size(elf: Elf, *names: str) -> int:
    return sum(s.size for name in names if (s := elf.section(name)) is not None)


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386", "mps3-an547", "riscv32-virt"])
@pytest.mark.parametrize("name", ["dscnn", "ad"])
def test_plan_equals_the_built_firmware(name: str, board: str, tmp_path: Path) -> None:
    path = zoo(TINY[name])
    need_tools(board)
    plan = footprint(path, board)
    target = prepare_target(path, board)
    firmware = build_target(target, tmp_path)
    elf = firmware.elf
    assert plan.image_bytes == size(elf, ".image")
    assert plan.flash_bytes == size(elf, ".boot2", ".text", ".constants", ".image", ".data")
    assert plan.static_bytes == size(elf, ".data", ".bss")
    assert plan.arena_bytes == target.arena_bytes == size(elf, ".arena")
    assert plan.stack_bytes == size(elf, ".stack")
    assert plan.regions == list(firmware.regions)
    with open_firmware(firmware) as device:
        for index, view in enumerate(device.inputs):
            device.set_input(index, np.zeros(view.shape, device.input_dtype(index)))
        device.run()
        device.profile()
        memory = device.memory()
    assert memory.static_bytes == plan.static_bytes and memory.arena_bytes == plan.arena_bytes
    assert plan.stack_bound_bytes is not None
    assert memory.stack_used <= plan.stack_bound_bytes <= memory.stack_used + STACK_MARGIN
