"""As much of an RP2040 as its firmware touches, around Unicorn's Cortex-M0: a byte stream to a Pico without a Pico.

Register addresses and reset values are the datasheet's (RP2040 datasheet, chapters 2 and 4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FLASH, SRAM, BOOT = 0x10000000, 0x20000000, 0x20041F00
RESETS, RESETS_DONE = 0x4000C000, 0x4000C008
XOSC_CTRL, XOSC_STATUS = 0x40024000, 0x40024004
PLL_CS, PLL_PWR = 0x40028000, 0x40028004
CLK_REF_CTRL, CLK_REF_SELECTED, CLK_SYS_CTRL, CLK_SYS_SELECTED = 0x40008030, 0x40008038, 0x4000803C, 0x40008044
UART_DATA, UART_FLAGS, TIME = 0x40034000, 0x40034018, 0x40054028
SSI_ENABLE, SSI_READ_COMMAND = 0x18000008, 0x180000F4
VTOR = 0xE000ED08


class Rp2040:
    """Boots `flash` as the boot ROM does; see rillet.devices.ByteStream.

    Attributes: registers (last values written, by address).
    """

    def __init__(self, flash: bytes) -> None:
        from unicorn import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
        from unicorn.arm_const import UC_ARM_REG_LR, UC_CPU_ARM_CORTEX_M0

        self._cpu: Any = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._cpu.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M0)
        self._cpu.mem_map(FLASH, 0x200000)
        self._cpu.mem_write(FLASH, flash)
        self._cpu.mem_map(SRAM, 0x43000)
        self._cpu.mem_write(BOOT, flash[:256])
        for base, size in ((0x18000000, 0x1000), (0x40000000, 0x100000), (0xE0000000, 0x100000)):
            self._cpu.mmio_map(base, size, self._reader(base), None, self._writer(base), None)
        self._cpu.reg_write(UC_ARM_REG_LR, 0)
        self._pc = BOOT | 1
        self.registers = {RESETS: 0x01FFFFFF, PLL_PWR: 0x2D, PLL_CS: 1}
        self._to_device = bytearray()
        self._from_device = bytearray()
        self._looked = False

    def read(self, timeout_s: float) -> bytes:
        """Runs the processor until it waits for bytes; what it has sent."""
        from unicorn.arm_const import UC_ARM_REG_PC

        if timeout_s > 0 and not self._from_device:
            self._looked = False
            self._cpu.emu_start(self._pc, 0xFFFFFFFF, timeout=int(timeout_s * 1e6))
            self._pc = self._cpu.reg_read(UC_ARM_REG_PC) | 1
        sent = bytes(self._from_device)
        self._from_device.clear()
        return sent

    def write(self, data: bytes) -> None:
        self._to_device += data

    def close(self) -> None:
        pass

    def _reader(self, base: int) -> Callable[[Any, int, int, Any], int]:
        return lambda cpu, offset, size, data: self._value(base + offset)

    def _writer(self, base: int) -> Callable[[Any, int, int, int, Any], None]:
        def write(cpu: Any, offset: int, size: int, value: int, data: Any) -> None:
            self.registers[base + offset] = value
            if base + offset == UART_DATA:
                self._from_device.append(value & 0xFF)
                self._looked = False

        return write

    def _value(self, address: int) -> int:
        r = self.registers.get
        if address == UART_DATA:
            return self._to_device.pop(0)
        if address == UART_FLAGS:
            # A sender looks at the flags once per byte; who looks again with nothing sent between waits to receive.
            if self._looked and not self._to_device:
                self._cpu.emu_stop()
            self._looked = True
            return (not self._to_device) << 4
        computed = {
            RESETS_DONE: ~r(RESETS, 0) & 0x01FFFFFF,
            XOSC_STATUS: (r(XOSC_CTRL, 0) >> 12 == 0xFAB) << 31,
            PLL_CS: r(PLL_CS, 0) | (r(PLL_PWR, 0) & 0x21 == 0) << 31,
            CLK_REF_SELECTED: 1 << (r(CLK_REF_CTRL, 0) & 3),
            CLK_SYS_SELECTED: 1 << (r(CLK_SYS_CTRL, 0) & 1),
            TIME: 0,
        }
        return computed.get(address, r(address, 0))
