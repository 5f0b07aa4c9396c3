"""The Pico's UF2 file, booted on a Cortex-M0 with the RP2040's registers around it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import build, load_board, read_uf2
from rillet.boards.runner import uf2_file
from rillet.boards.target import build_target, prepare_target
from rillet.devices import Device, Kind
from rillet.runtime import Plan, Session
from tests.boards import rp2040
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo

pytest.importorskip("unicorn", reason="the unicorn package emulates the processor")


@pytest.mark.parametrize("name", ["ad", "wakeword"])
def test_a_model_on_a_pico(name: str, tmp_path: Path) -> None:
    need_tools("rpi-pico")
    target = prepare_target(zoo(TINY[name]), "rpi-pico")
    firmware = build_target(target, tmp_path)
    _, (program,) = read_uf2(uf2_file(firmware).read_bytes())
    pico = rp2040.Rp2040(program.data)
    host = Session(Plan(target.data))
    with Device(pico, Kind("serial", timeout_s=30)) as device:
        assert device.info.board == "rpi-pico"
        assert device.info.tick_hz == 1_000_000
        value = np.random.default_rng(0).integers(-128, 128, host.inputs[0].shape).astype(np.int8)
        device.set_input(0, value)
        device.run()
        host.inputs[0][...] = value
        host.invoke()
        np.testing.assert_array_equal(device.output(0), host.outputs[0])
        bound = firmware.sizes.stack_bound
        assert bound is not None
        assert device.memory().stack_used <= bound.bytes


def test_registers_after_boot(tmp_path: Path) -> None:
    need_tools("rpi-pico")
    board = load_board("rpi-pico")
    _, (program,) = read_uf2(uf2_file(build(b"", [], board, tmp_path)).read_bytes())
    pico = rp2040.Rp2040(program.data)
    Device(pico, Kind("serial", timeout_s=30)).close()
    registers = pico.registers
    assert registers[rp2040.SSI_ENABLE] == 1
    assert registers[rp2040.SSI_READ_COMMAND] >> 24 == 0x03
    assert registers[rp2040.VTOR] == 0x10000100
    feedback, dividers = registers[0x40028008], registers[0x4002800C]
    assert 12_000_000 * feedback // (dividers >> 16 & 7) // (dividers >> 12 & 7) == board.clock_hz
    whole, part = registers[0x40034024], registers[0x40034028]
    assert board.clock_hz / (16 * (whole + part / 64)) == pytest.approx(board.baud, rel=0.005)
    assert struct.unpack_from("<I", program.data, 256)[0] > 0x20000000
