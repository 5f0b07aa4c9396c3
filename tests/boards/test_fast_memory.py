"""Two kinds of RAM: the busiest tensors lie in the fast one, and the numbers stay the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.boards import BoardError, load_board, open_firmware
from rillet.boards.footprint import footprint_of
from rillet.boards.target import build_target, prepare_target
from rillet.boards.verify import verify
from rillet.runtime import Plan, Session
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo


def two_memories(folder: Path, fast: str = 'fast_arena = "dtcm"\nfast_arena_bytes = 24576\n') -> str:
    """The emulated M55 with the arena in its SRAM, and some of it in DTCM, where stack and variables are."""
    text = (Path(str(load_board("mps3-an547").source))).read_text("utf-8")
    text = text.replace('data = "dtcm"\n', f'data = "dtcm"\narena = "slow"\n{fast}', 1)
    text += "\n[memory.regions.slow]\naddress = 0x2100_0000\nbytes = 0x10_0000\nspeed = 4\n"
    (folder / "board").mkdir()
    path = folder / "board" / "board.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["vww", "resnet8"])
def test_hot_tensors_lie_in_fast_memory(name: str, tmp_path: Path) -> None:
    path = zoo(TINY[name])
    need_tools("mps3-an547")
    target = prepare_target(path, two_memories(tmp_path))
    assert 0 < target.plan.fast_bytes <= 24576
    assert any(step.scratch_bytes for step in target.plan.steps)
    firmware = build_target(target, tmp_path)
    used = {region.name: region.used for region in firmware.regions}
    assert used["slow"] == target.arena_bytes - target.plan.fast_bytes
    fast = firmware.elf.section(".fast_arena")
    assert fast is not None and fast.size == target.plan.fast_bytes and fast.address >> 24 == 0x20
    notes = {m.name: m.note for m in footprint_of(target, firmware).memory}
    assert "in region 'dtcm': " in notes["  of it fast"]
    host = Session(Plan(target.data, isa="scalar"))
    rng = np.random.default_rng(0)
    host.inputs[0][...] = rng.integers(-128, 128, host.inputs[0].shape)
    image = np.array(host.inputs[0])
    host.invoke()
    with open_firmware(firmware) as device:
        device.set_input(0, image)
        device.run()
        np.testing.assert_array_equal(device.output(0), host.outputs[0])
        result = verify(target, device, inputs=1)  # reads tensors of both memories back
    assert result.passed and result.tensors >= len(target.plan.steps) - 1


@pytest.mark.parametrize("room", [0, 2048, 16384, 65536])
def test_any_split_computes_the_same(room: int) -> None:
    data = zoo(TINY["resnet8"]).read_bytes()
    plans = [Plan(data, isa="scalar"), Plan(data, isa="scalar", fast_bytes=room)]
    results = []
    for plan in plans:
        session = Session(plan)
        session.inputs[0][...] = np.random.default_rng(1).integers(-128, 128, session.inputs[0].shape)
        session.invoke()
        results.append(np.array(session.outputs[0]))
    assert plans[1].fast_bytes <= room
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ('fast_arena = "slow"\n', "fast_arena: is the region of the arena itself"),
        ('fast_arena = "none"\n', "fast_arena: 'none' is none of"),
        ('fast_arena = "dtcm"\nfast_arena_bytes = 999999999\n', "fast_arena_bytes: 999999999 of the"),
    ],
)
def test_wrong_keys_are_refused(keys: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=text):
        load_board(two_memories(tmp_path, keys))
