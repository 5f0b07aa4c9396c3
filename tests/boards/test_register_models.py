"""Firmware for boards that no emulator here has, booted on a processor emulator with a model of each chip's registers:
clocks, boot blocks, UART and linker layout, as far as what chips.py knows of the chip is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.boards import board_names, build, load_board
from rillet.boards.runners import flash_content
from rillet.boards.target import build_target, prepare_target
from rillet.devices import Device, Kind
from rillet.runtime import Plan, Session
from tests.boards.soc import Soc
from tests.boards.tools import TINY, need_tools
from tests.devices.images import ARENA_BYTES, image_without_steps
from tests.zoo import zoo

pytest.importorskip("unicorn", reason="the unicorn package emulates the processor")

MODELLED = [name for name in board_names() if load_board(name).tried == "register model"]


@pytest.mark.parametrize("name", MODELLED)
def test_firmware_starts_and_answers(name: str, tmp_path: Path) -> None:
    need_tools(name)
    board = load_board(name)
    firmware = build(image_without_steps(), [], board, tmp_path, model_name="by hand")
    soc = Soc(board, flash_content(board, firmware.elf))
    with Device(soc, Kind("serial", timeout_s=30)) as device:
        assert (device.info.board, device.info.model) == (name, "by hand")
        data = np.random.default_rng(1).bytes(ARENA_BYTES)
        device.write(0, data)
        assert device.read(0, ARENA_BYTES) == data
        device.run()
        bound = firmware.sizes.stack_bound
        assert bound is not None
        assert 100 < device.memory().stack_used <= bound.bytes
        assert device.info.tick_hz in (board.clock_hz, 1_000_000, 16_000_000)
    assert board.uart is not None
    assert soc.chip.core_hz(soc.registers) == board.clock_hz
    assert soc.chip.uart(board.uart.address).baud(soc.registers) == pytest.approx(board.baud, rel=0.01)
    assert soc.chip.ready(soc.registers)


@pytest.mark.parametrize("name", ["rpi-pico", "nucleo-f446re", "esp32-c3-devkit"])
def test_a_model_runs(name: str, tmp_path: Path) -> None:
    need_tools(name)
    target = prepare_target(zoo(TINY["ad"]), name)
    firmware = build_target(target, tmp_path)
    host = Session(Plan(target.data))
    with Device(
        Soc(firmware.board, flash_content(firmware.board, firmware.elf)), Kind("serial", timeout_s=30)
    ) as device:
        value = np.random.default_rng(0).integers(-128, 128, host.inputs[0].shape).astype(np.int8)
        device.set_input(0, value)
        device.run()
        host.inputs[0][...] = value
        host.invoke()
        np.testing.assert_array_equal(device.output(0), host.outputs[0])
