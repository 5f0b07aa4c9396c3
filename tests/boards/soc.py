"""A board without the board: Unicorn's processor, the board's memory, and a model of the registers that the firmware
touches. It boots as the chip's boot ROM does and is a byte stream (rillet.devices.ByteStream) to the firmware."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rillet.boards import Board
from rillet.boards.elf import Segment
from tests.boards.chips import Chip, Registers, chip_of

PAGE = 0x1000


class Soc:
    """A board with `content` in its flash, at the addresses of flashing tools, before its first instruction.

    Attributes: registers (last values written, by address).
    """

    def __init__(self, board: Board, content: Sequence[Segment]) -> None:
        import unicorn
        from unicorn import arm_const, riscv_const

        assert board.memory is not None and board.uart is not None
        self.chip: Chip = chip_of(board)
        self._risc_v = board.start == "riscv"
        if self._risc_v:
            self._cpu: Any = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
            self._pc_register = riscv_const.UC_RISCV_REG_PC
        else:
            self._cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
            core = "M0" if board.core == "cortex-m0+" else board.core.removeprefix("cortex-").removesuffix("f").upper()
            self._cpu.ctl_set_cpu_model(getattr(arm_const, f"UC_CPU_ARM_CORTEX_{core}"))
            self._pc_register = arm_const.UC_ARM_REG_PC
        self._map_memory(board, content)
        self.registers: Registers = dict(self.chip.reset)
        self._to_device = bytearray()
        self._from_device = bytearray()
        self._looked = False
        stack, entry = self.chip.boot(self, board)
        if stack is not None:
            self._cpu.reg_write(arm_const.UC_ARM_REG_SP, stack)
            self._cpu.reg_write(arm_const.UC_ARM_REG_LR, 0)
        self._pc = entry
        self._uart = self.chip.uart(board.uart.address)

    def read(self, timeout_s: float) -> bytes:
        """Runs the processor until it waits for bytes; what it has sent."""
        if timeout_s > 0 and not self._from_device:
            self._looked = False
            self._cpu.emu_start(self._pc, 0xFFFFFFFF, timeout=int(timeout_s * 1e6))
            self._pc = self._cpu.reg_read(self._pc_register) | (not self._risc_v)
        sent = bytes(self._from_device)
        self._from_device.clear()
        return sent

    def write(self, data: bytes) -> None:
        self._to_device += data

    def close(self) -> None:
        pass

    def _map_memory(self, board: Board, content: Sequence[Segment]) -> None:
        assert board.memory is not None
        m = board.memory
        regions = {r.name: r for r in (m.code, m.constants, m.image, m.data, m.arena)}.values()
        for region in regions:
            start, end = region.address & -PAGE, region.address + region.bytes + PAGE - 1 & -PAGE
            self._cpu.mem_map(start, end - start)
        for segment in content:
            for region in regions:
                start = max(segment.address, region.file_address)
                end = min(segment.address + len(segment.data), region.file_address + region.bytes)
                if start < end:
                    piece = segment.data[start - segment.address : end - segment.address]
                    self._cpu.mem_write(region.address + start - region.file_address, piece)
        taken = sorted((r.address & -PAGE, r.address + r.bytes + PAGE - 1 & -PAGE) for r in regions)
        for base, size in _holes(self.chip.peripherals, taken):
            self._cpu.mmio_map(base, size, self._reader(base), None, self._writer(base), None)

    def memory(self, address: int, size: int) -> bytes:
        """What the boot ROM would read there."""
        return bytes(self._cpu.mem_read(address, size))

    def fill(self, address: int, data: bytes) -> None:
        """Puts bytes into memory."""
        self._cpu.mem_write(address, data)

    def _reader(self, base: int) -> Callable[[Any, int, int, Any], int]:
        return lambda cpu, offset, size, data: self._value(base + offset)

    def _writer(self, base: int) -> Callable[[Any, int, int, int, Any], None]:
        def write(cpu: Any, offset: int, size: int, value: int, data: Any) -> None:
            address = base + offset
            if self.chip.may_write is not None:
                self.chip.may_write(self.registers, address)
            self.registers[address] = value
            if address == self._uart.send:
                self._from_device.append(value & 0xFF)
                self._looked = False

        return write

    def _value(self, address: int) -> int:
        if address == self._uart.receive and self._to_device and address != self._uart.status:
            return self._to_device.pop(0)
        if address == self._uart.status:
            # A sender looks at the flags once per byte; who looks again with nothing sent between waits to receive.
            if self._looked and not self._to_device:
                self._cpu.emu_stop()
            self._looked = True
            return self._uart.flags(len(self._to_device))
        rule = self.chip.rules.get(address)
        return rule(self.registers) if rule else self.registers.get(address, 0)


def _holes(spans: Sequence[tuple[int, int]], taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """`spans` (start, end) without what is `taken`, as (start, size)."""
    holes = []
    for start, end in spans:
        for low, high in taken:
            if low < end and start < high:
                if start < low:
                    holes.append((start, low - start))
                start = high
        if start < end:
            holes.append((start, end - start))
    return holes
