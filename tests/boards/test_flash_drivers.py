"""The drivers that write a chip's own flash, and where the slots lie in what is flashed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cryptography", reason="needs cryptography: pip install rillet[update]")
from rillet.boards import BoardError, Firmware, open_firmware
from rillet.boards.install import install_model
from rillet.boards.keys import SigningKey, new_key
from rillet.boards.runners.files import flash_content
from rillet.boards.slots import empty_slot, slots_address, without_slots
from rillet.boards.target import Target, prepare_target
from rillet.boards.updatable import build_updatable
from rillet.devices import Device, Kind
from tests.boards.small_models import dense_int8
from tests.boards.soc import Soc
from tests.boards.tools import need_tools

# One of each driver and shape of memory.
BOARDS = ["mps2-an386", "mps3-an547", "microbit", "nrf52840-dk", "rpi-pico"]
XIP, XIP_END = 0x10000000, 0x10200000


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return new_key(tmp_path / "key.pem")


def built(board: str, key: SigningKey, folder: Path) -> tuple[Firmware, Target]:
    """Firmware with one model, and another for it."""
    need_tools(board)
    first, second = (prepare_target(dense_int8(seed), board, f"model {seed}") for seed in (1, 2))
    return build_updatable(first, folder / "out", key, kernels="same"), second


@pytest.mark.parametrize("board", BOARDS)
def test_slots_lie_at_the_end_of_the_region(board: str, key: SigningKey, tmp_path: Path) -> None:
    """The first holds the model, and whatever the second held before is no model."""
    firmware, _ = built(board, key, tmp_path)
    where = firmware.board
    assert where.slots is not None
    assert where.memory is not None
    region = where.memory.image
    start = slots_address(without_slots(where, where.slots))
    assert start + 2 * where.slots.slot_bytes == region.address + region.bytes
    stored = {s.address: s.data for s in flash_content(where, firmware.elf)}
    assert stored[start][:4] == b"RLTM"
    assert stored[start + where.slots.slot_bytes] == empty_slot(where.slots)
    assert max(a + len(d) for a, d in stored.items() if a < start) <= start
    assert firmware.sizes.image == len(stored[start])


def test_nrf_controller(key: SigningKey, tmp_path: Path) -> None:
    """QEMU has a model of it. (Its flash forgets when the program ends.)"""
    firmware, model = built("microbit", key, tmp_path)
    with open_firmware(firmware) as device:
        for version in (2, 3, 4):  # from the second on, pages must be erased
            done = install_model(model if version % 2 else _other(model), device, key, version)
            assert done.sent_bytes > 0
        bound = firmware.sizes.stack_bound
        assert bound is not None
        assert device.memory().stack_used <= bound.bytes


def test_rp2040_rom_functions(key: SigningKey, tmp_path: Path) -> None:
    pytest.importorskip("unicorn", reason="the unicorn package emulates the processor")
    firmware, model = built("rpi-pico", key, tmp_path)
    soc = Soc(firmware.board, flash_content(firmware.board, firmware.elf))
    rom = Rp2040Rom(soc)
    with Device(soc, Kind("serial", timeout_s=30)) as device:
        for version in (2, 3, 4):
            install_model(model if version % 2 else _other(model), device, key, version)
        assert [s.version for s in device.slots().slots] == [3, 4]
    assert rom.erased == 3
    assert rom.programmed >= 3 * 5
    again = Soc(firmware.board, flash_content(firmware.board, firmware.elf))
    again.fill(XIP, soc.memory(XIP, XIP_END - XIP))
    Rp2040Rom(again)
    with Device(again, Kind("serial", timeout_s=30)) as device:
        assert device.info.model == "model 1"
        assert device.slots().running == 1


def _other(model: Target) -> Target:
    return prepare_target(dense_int8(1), model.board, "model 1")


class Rp2040Rom:
    """What flash/rp2040.c uses of the boot ROM: a table of functions, and their effect on the flash. Between EX and CX
    the flash cannot be read.

    Attributes: erased, programmed: how often.
    """

    TABLE, FIND = 0x40, 0x100

    def __init__(self, soc: Soc) -> None:
        import unicorn
        from unicorn import arm_const

        self._cpu: Any = soc._cpu
        self._arguments = [getattr(arm_const, f"UC_ARM_REG_R{i}") for i in range(4)]
        self._readable = True
        self.erased = self.programmed = 0
        functions: dict[str, Callable[[int, int, int, int], None]] = {
            "IF": lambda *_: None,
            "EX": self._leave_xip,
            "RE": self._erase,
            "RP": self._program,
            "FC": lambda *_: None,
            "CX": self._enter_xip,
        }
        self._at = {self.FIND + 16 * (i + 1): run for i, run in enumerate(functions.values())}
        codes = dict(zip(functions, self._at, strict=True))
        rom = bytearray(0x1000)
        rom[0x14:0x16], rom[0x18:0x1A] = self.TABLE.to_bytes(2, "little"), (self.FIND | 1).to_bytes(2, "little")
        for address in (self.FIND, *self._at):
            rom[address : address + 2] = b"\x70\x47"  # bx lr
        self._codes = {ord(name[0]) | ord(name[1]) << 8: address | 1 for name, address in codes.items()}
        self._cpu.mem_map(0, 0x1000)
        soc.fill(0, bytes(rom))
        self._cpu.hook_add(unicorn.UC_HOOK_CODE, self._called, begin=0, end=0xFFF)

    def _called(self, cpu: Any, address: int, size: int, data: Any) -> None:
        arguments = [cpu.reg_read(register) for register in self._arguments]
        if address == self.FIND:
            assert arguments[0] == self.TABLE
            cpu.reg_write(self._arguments[0], self._codes.get(arguments[1], 0))
        else:
            self._at[address](*arguments)

    def _leave_xip(self, *_: int) -> None:
        self._readable = False
        self._cpu.mem_protect(XIP, XIP_END - XIP, 0)  # whoever fetches or reads from it stops the processor

    def _enter_xip(self, *_: int) -> None:
        self._readable = True
        self._cpu.mem_protect(XIP, XIP_END - XIP)

    def _erase(self, address: int, size: int, block: int, command: int) -> None:
        assert not self._readable
        assert address % 4096 == size % 4096 == 0
        assert (block, command) == (1 << 16, 0xD8)
        self._cpu.mem_write(XIP + address, b"\xff" * size)
        self.erased += 1

    def _program(self, address: int, data: int, size: int, _: int) -> None:
        assert not self._readable
        assert address % 256 == size % 256 == 0
        assert data >= 0x20000000, "from RAM: flash cannot be read now"
        old, new = (np.frombuffer(self._cpu.mem_read(at, size), np.uint8) for at in (XIP + address, data))
        self._cpu.mem_write(XIP + address, (old & new).tobytes())
        self.programmed += 1


def test_a_board_without_such_flash_says_so(key: SigningKey, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"riscv32-virt has no flash that firmware can write: .* has no \[slots\]"):
        build_updatable(prepare_target(dense_int8(1), "riscv32-virt"), tmp_path, key)
