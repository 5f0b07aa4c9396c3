"""What chips do with the registers that firmware touches while it starts: ready bits, the UART, the boot ROM.

Addresses and bits are those of the chips' reference manuals and of the headers that their makers publish (STM32 device
headers of CMSIS, nrfx, pico-sdk, AmbiqSuite, esp-idf); each is written down here a second time, apart from the drivers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rillet.boards import Board

Registers = dict[int, int]
Rule = Callable[[Registers], int]


@dataclass(frozen=True)
class Uart:
    """Where its registers lie; flags: what the status register reads as while so many bytes wait; baud: the rate that
    the registers say."""

    status: int
    receive: int
    send: int
    flags: Callable[[int], int]
    baud: Callable[[Registers], float]


@dataclass(frozen=True)
class Chip:
    """rules: registers that read otherwise than they were written; core_hz: the core's clock by the registers; ready:
    what must hold for the UART to work once started; may_write: refuses writes that the chip would not take; boot:
    gives stack pointer (None: the program sets it) and entry, as the boot ROM leaves them."""

    peripherals: tuple[tuple[int, int], ...]
    uart: Callable[[int], Uart]
    core_hz: Callable[[Registers], float]
    ready: Callable[[Registers], bool]
    boot: Callable[[Any, Board], tuple[int | None, int]]
    rules: Mapping[int, Rule] = field(default_factory=dict)
    reset: Mapping[int, int] = field(default_factory=dict)
    may_write: Callable[[Registers, int], None] | None = None


_CORE = (0xE0000000, 0xE0100000)


def chip_of(board: Board) -> Chip:
    """The chip on a board."""
    return _CHIPS[board.name](board)


def field_of(value: int, low: int, bits: int) -> int:
    return value >> low & ((1 << bits) - 1)


def _from_vectors(soc: Any, board: Board, at: int | None = None) -> tuple[int, int]:
    assert board.memory is not None
    stack, entry = struct.unpack("<II", soc.memory(board.memory.code.address if at is None else at, 8))
    return stack, entry


# STM32


def _usart_v1(base: int, hz: float) -> Uart:
    return Uart(base, base + 4, base + 4, lambda n: (n > 0) << 5 | 0xC0, lambda r: hz / r[base + 8])


def _usart_v2(base: int, hz: float) -> Uart:
    return Uart(base + 0x1C, base + 0x24, base + 0x28, lambda n: (n > 0) << 5 | 0xC0, lambda r: hz / r[base + 0xC])


def _pins_are_uart(r: Registers, gpio: int, gate: int, pins: tuple[tuple[int, int], ...]) -> bool:
    """Each (pin, function): port clocked, alternate mode, that function."""
    for pin, function in pins:
        port, at = gpio + 0x400 * (pin // 16), pin % 16
        if not r[gate] >> pin // 16 & 1 or field_of(r[port], 2 * at, 2) != 2:
            return False
        if field_of(r[port + 0x20 + 4 * (at // 8)], 4 * (at % 8), 4) != function:
            return False
    return True


def _stm32f4_family(hz_source: str) -> Callable[[Board], Chip]:
    rcc, pwr = 0x40023800, 0x40007000

    def core_hz(r: Registers) -> float:
        pll = r[rcc + 4]
        assert r[rcc + 8] & 3 == 2 and not pll & 1 << 22, "runs on the PLL, which runs on the internal oscillator"
        vco = 16e6 / field_of(pll, 0, 6) * field_of(pll, 6, 9)
        assert 100e6 <= vco <= 432e6 and 1e6 <= 16e6 / field_of(pll, 0, 6) <= 2e6
        core = vco / (2, 4, 6, 8)[field_of(pll, 16, 2)]
        assert field_of(r[0x40023C00], 0, 4) >= core / 30e6 - 1, "wait states"
        assert core / 4 <= 54e6 and field_of(r[rcc + 8], 10, 3) == 5, "APB1 at a quarter"
        return core

    def make(board: Board) -> Chip:
        f7 = hz_source == "f7"
        pins = ((9, 7), (23, 7)) if f7 else ((2, 7), (3, 7))
        gate, bit = (rcc + 0x44, 4) if f7 else (rcc + 0x40, 17)
        return Chip(
            ((0x40000000, 0x50000000), _CORE),
            (lambda base: _usart_v2(base, 16e6)) if f7 else (lambda base: _usart_v1(base, 45e6)),
            core_hz,
            lambda r: (
                bool(r[gate] >> bit & 1)
                and _pins_are_uart(r, 0x40020000, rcc + 0x30, pins)
                and (not f7 or r[rcc + 0x90] & 3 == 2)
            ),
            _from_vectors,
            {
                rcc: lambda r: r.get(rcc, 0x83) | (r.get(rcc, 0) >> 24 & 1) << 25,
                rcc + 8: lambda r: r.get(rcc + 8, 0) & ~12 | (r.get(rcc + 8, 0) & 3) << 2,
                pwr + 4: lambda r: r.get(pwr, 0) & 3 << 16 if r.get(rcc + 0x40, 0) >> 28 & 1 else 0,
                0xE000ED80: lambda r: 0xF003E019,
            },
        )

    return make


def _stm32l4(board: Board) -> Chip:
    rcc = 0x40021000

    def core_hz(r: Registers) -> float:
        pll = r[rcc + 0xC]
        assert r[rcc + 8] & 0xF3 == 3 and pll & 3 == 2 and pll >> 24 & 1
        vco = 16e6 / (field_of(pll, 4, 4) + 1) * field_of(pll, 8, 7)
        assert 64e6 <= vco <= 344e6 and not r[0x40007080] >> 8 & 1 and r[0x40022000] & 15 == 5
        return vco / (2, 4, 6, 8)[field_of(pll, 25, 2)]

    def uart(base: int) -> Uart:
        return Uart(
            base + 0x1C, base + 0x24, base + 0x28, lambda n: (n > 0) << 5 | 0xC0, lambda r: 256 * 16e6 / r[base + 0xC]
        )

    return Chip(
        ((0x40000000, 0x50000000), _CORE),
        uart,
        core_hz,
        lambda r: (
            bool(r[rcc + 0x5C] & 1)
            and r[0x40007004] >> 9 & 1 == 1
            and field_of(r[rcc + 0x88], 10, 2) == 2
            and _pins_are_uart(r, 0x48000000, rcc + 0x4C, ((103, 8), (104, 8)))
        ),
        _from_vectors,
        {
            rcc: lambda r: r.get(rcc, 0x63) | (r.get(rcc, 0) >> 24 & 1) << 25 | (r.get(rcc, 0) >> 8 & 1) << 10,
            rcc + 8: lambda r: r.get(rcc + 8, 0) & ~12 | (r.get(rcc + 8, 0) & 3) << 2,
        },
        {0x40007080: 0x100},
    )


def _stm32h7(board: Board) -> Chip:
    rcc, pwr = 0x58024400, 0x58024800

    def core_hz(r: Registers) -> float:
        assert field_of(r[rcc + 0x28], 0, 2) == 0 and r[rcc + 0x10] & 7 == 3 and r[rcc + 0x2C] >> 16 & 1
        before = 64e6 / field_of(r[rcc + 0x28], 4, 6)
        vco = before * (field_of(r[rcc + 0x30], 0, 9) + 1)
        assert 8e6 <= before <= 16e6 and field_of(r[rcc + 0x2C], 2, 2) == 3 and 192e6 <= vco <= 836e6
        assert r[rcc + 0x18] & 15 == 8, "the bus matrix at half the rate"
        return vco / (field_of(r[rcc + 0x30], 9, 7) + 1)

    return Chip(
        ((0x40000000, 0x60000000), _CORE),
        lambda base: _usart_v2(base, 64e6),
        core_hz,
        lambda r: (
            bool(r[rcc + 0xE8] >> 18 & 1)
            and r[rcc + 0x54] & 7 == 3
            and _pins_are_uart(r, 0x58020000, rcc + 0xE0, ((56, 7), (57, 7)))
        ),
        _from_vectors,
        {
            rcc: lambda r: r.get(rcc, 0x25) | (r.get(rcc, 0) >> 24 & 1) << 25,
            rcc + 0x10: lambda r: r.get(rcc + 0x10, 0) & ~0x38 | (r.get(rcc + 0x10, 0) & 7) << 3,
            pwr + 4: lambda r: (pwr + 0xC in r) << 13,
            pwr + 0x18: lambda r: r.get(pwr + 0x18, 0x4000) | (r.get(pwr + 0x18, 0) >> 14 & 3 == 3) << 13,
            0xE000ED80: lambda r: 0xF01FE019,
        },
    )


def _stm32u5(board: Board) -> Chip:
    rcc, vosr = 0x46020C00, 0x4602080C

    def core_hz(r: Registers) -> float:
        pll = r[rcc + 0x28]
        assert r[rcc + 0x1C] & 3 == 3 and pll & 3 == 2 and pll >> 18 & 1 and field_of(pll, 2, 2) == 3
        before = 16e6 / (field_of(pll, 8, 4) + 1)
        vco = before * (field_of(r[rcc + 0x34], 0, 9) + 1)
        assert 8e6 <= before <= 16e6 and 128e6 <= vco <= 544e6 and r[vosr] >> 18 & 1
        return vco / (field_of(r[rcc + 0x34], 24, 7) + 1)

    return Chip(
        ((0x40000000, 0x50000000), _CORE),
        lambda base: _usart_v2(base, 16e6),
        core_hz,
        lambda r: (
            bool(r[rcc + 0xA4] >> 14 & 1)
            and r[rcc + 0xE0] & 3 == 2
            and _pins_are_uart(r, 0x42020000, rcc + 0x8C, ((9, 7), (10, 7)))
        ),
        _from_vectors,
        {
            rcc: lambda r: r.get(rcc, 0x35) | (r.get(rcc, 0) >> 24 & 1) << 25 | (r.get(rcc, 0) >> 8 & 1) << 10,
            rcc + 0x1C: lambda r: r.get(rcc + 0x1C, 0) & ~12 | (r.get(rcc + 0x1C, 0) & 3) << 2,
            vosr: lambda r: (
                r.get(vosr, 0) | (r.get(vosr, 0) >> 16 & 3 == 3) << 15 | (r.get(vosr, 0) >> 18 & 1) << 14
                if r.get(rcc + 0x94, 0) >> 2 & 1
                else 0
            ),
        },
    )


# Nordic


def _nrf52(tx: int, rx: int) -> Callable[[Board], Chip]:
    uart = 0x40002000

    def make(board: Board) -> Chip:
        return Chip(
            ((0x40000000, 0x60000000), _CORE),
            lambda base: Uart(
                base + 0x108, base + 0x518, base + 0x51C, lambda n: n > 0, lambda r: r[base + 0x524] * 16e6 / 2**32
            ),
            lambda r: 64e6,
            lambda r: (
                (r[uart + 0x50C], r[uart + 0x514], r[uart + 0x500]) == (tx, rx, 4)
                and r[0x50000518 + 0x300 * (tx // 32)] == 1 << tx % 32
                and r[0x4001E540] == 1
                and r[0x50000700 + 0x300 * (rx // 32) + 4 * (rx % 32)] & 3 == 0
            ),
            _from_vectors,
            {0x40000100: lambda r: r.get(0x40000000, 0), uart + 0x11C: lambda r: uart + 0x51C in r},
        )

    return make


# Raspberry Pi


def _rp2(clocks: int, resets: int, xosc: int, pll: int, uart: int, all_resets: int, pads: int) -> Callable[[Any], Chip]:
    def core_hz(r: Registers) -> float:
        assert r[clocks + 0x3C] == 1 and r[clocks + 0x48] == 1 << 11
        vco = 12e6 * r[pll + 8]
        assert 750e6 <= vco <= 1600e6
        return vco / field_of(r[pll + 0xC], 16, 3) / field_of(r[pll + 0xC], 12, 3)

    def make(board: Board) -> Chip:
        hz = board.clock_hz
        return Chip(
            ((0x18000000, 0x18001000), (0x40000000, 0x50000000), _CORE),
            lambda base: Uart(
                base + 0x18,
                base,
                base,
                lambda n: (n == 0) << 4,
                lambda r: hz / 16 / (r[base + 0x24] + r[base + 0x28] / 64),
            ),
            core_hz,
            lambda r: r[uart + 0x30] == 0x301 and not r[pads + 4] >> 8 & 1 and r[pads + 8] >> 6 & 1 == 1,
            _boot_rp2040 if board.boot == "rp2040" else _boot_rp2350,
            {
                resets + 8: lambda r: ~r.get(resets, 0) & all_resets,
                xosc + 4: lambda r: (r.get(xosc, 0) >> 12 == 0xFAB) << 31,
                pll: lambda r: r.get(pll, 0) | (r.get(pll + 4, 0) & 0x21 == 0) << 31,
                clocks + 0x38: lambda r: 1 << (r.get(clocks + 0x30, 0) & 3),
                clocks + 0x44: lambda r: 1 << (r.get(clocks + 0x3C, 0) & 1),
            },
            {resets: all_resets, pll + 4: 0x2D, pll: 1},
        )

    return make


def _boot_rp2040(soc: Any, board: Board) -> tuple[int | None, int]:
    soc.fill(0x20041F00, soc.memory(0x10000000, 256))
    return 0x20041F00, 0x20041F01


def _boot_rp2350(soc: Any, board: Board) -> tuple[int | None, int]:
    start = soc.memory(0x10000000, 4096)
    at = start.find(struct.pack("<I", 0xFFFFDED3))
    words = struct.unpack_from("<5I", start, at)
    # One image type item of one word, one last item that says so, a link to nowhere, the end.
    assert at % 4 == 0 and words == (0xFFFFDED3, 0x10210142, 0x000001FF, 0, 0xAB123579)
    return _from_vectors(soc, board)


# NXP


def _imxrt1060(board: Board) -> Chip:
    ccm, pll = 0x400FC000, 0x400D8000

    def core_hz(r: Registers) -> float:
        assert r[pll] >> 13 & 1 and not r[pll] >> 16 & 1 and field_of(r[ccm + 0x18], 18, 2) == 3
        assert field_of(r[ccm + 0x14], 10, 3) == 0 and not r[ccm + 0x14] >> 25 & 1
        assert 800 + 25 * (r[0x4008000C] & 31) >= 1150, "millivolts for 528 MHz"
        return 12e6 * (r[pll] & 0x7F) / ((r[ccm + 0x10] & 7) + 1)

    def uart(base: int) -> Uart:
        def baud(r: Registers) -> float:
            return 24e6 / (field_of(r[base + 0x10], 24, 5) + 1) / field_of(r[base + 0x10], 0, 13)

        return Uart(base + 0x14, base + 0x1C, base + 0x1C, lambda n: 1 << 23 | (n > 0) << 21, baud)

    return Chip(
        ((0x40000000, 0x50000000), _CORE),
        uart,
        core_hz,
        lambda r: (
            r[ccm + 0x24] & 0x7F == 0x40
            and r[ccm + 0x74] >> 6 & 3 == 3
            and [r[a] for a in (0x401F80C4, 0x401F80C8, 0x401F8550, 0x401F8554)] == [2, 2, 1, 1]
            and r[0x40198018] >> 18 & 3 == 3
        ),
        _boot_imxrt,
        {
            pll: lambda r: r.get(pll, 0x11042) | (r.get(pll, 0) >> 13 & 1) << 31,
            0x40080000: lambda r: 1 << 31,
            0xE000ED80: lambda r: 0xF01FE019,
        },
        {ccm + 0x14: 0xA8200, ccm + 0x18: 0x2DAE8324},
    )


def _boot_imxrt(soc: Any, board: Board) -> tuple[int | None, int]:
    flash = 0x60000000
    config = soc.memory(flash, 512)
    assert config[:4] == b"FCFB" and config[0x44:0x46] == bytes([1, 4])
    assert struct.unpack_from("<I", config, 0x50)[0] == 0x800000
    assert struct.unpack_from("<3I", config, 0x80) == (0x0A1804EB, 0x32041EFF, 0x00002601)
    header, entry, _, dcd, boot_data, itself, csf, _ = struct.unpack("<8I", soc.memory(flash + 0x1000, 32))
    assert header & 0xFF == 0xD1 and header >> 8 & 0xFFFF == 0x2000 and (dcd, csf) == (0, 0)
    assert itself == flash + 0x1000
    start, length, plugin = struct.unpack("<3I", soc.memory(boot_data, 12))
    assert start == flash and 0x2000 < length < 0x7C0000 and plugin == 0
    return 0x20201000, entry


# Espressif


def _esp32c3(board: Board) -> Chip:
    def core_hz(r: Registers) -> float:
        assert field_of(r[0x600C0058], 10, 2) == 1 and r[0x600C0008] >> 2 & 1
        return (80e6, 160e6)[r[0x600C0008] & 3]

    def uart(base: int) -> Uart:
        def baud(r: Registers) -> float:
            return 40e6 / (field_of(r[base + 0x14], 0, 12) + field_of(r[base + 0x14], 20, 4) / 16)

        return Uart(base + 0x1C, base, base, lambda n: min(n, 128), baud)

    def locked(r: Registers, address: int) -> None:
        keys = {0x60008090: (0x600080A8, 0x50D83AA1), 0x600080AC: (0x600080B0, 0x8F1D312A)}
        keys[0x6001F048] = (0x6001F064, 0x50D83AA1)
        if address in keys:
            lock, key = keys[address]
            assert r.get(lock) == key, f"{address:#x} written while locked"

    return Chip(
        ((0x60000000, 0x60100000),),
        uart,
        core_hz,
        lambda r: (
            field_of(r[0x60000078], 20, 2) == 3
            and (r[0x60008090], r[0x6001F048], r[0x600080AC] >> 31) == (0, 0, 1)
            and field_of(r[0x60000020], 2, 2) == 3
        ),
        _boot_esp32c3,
        {
            0x60000080: lambda r: r.get(0x60000080, 0) & ~(1 << 31),
            0x60023004: lambda r: (r.get(0x60023004, 0) >> 30 & 1) << 29,
        },
        {0x600C0008: 0xC, 0x600C0058: 1},
        locked,
    )


def _boot_esp32c3(soc: Any, board: Board) -> tuple[int | None, int]:
    assert soc.memory(0x42000000, 8) == struct.pack("<II", 0xAEDB041D, 0xAEDB041D)
    return None, 0x42000008


# Ambiq


def _apollo3(board: Board) -> Chip:
    def baud(base: int) -> Callable[[Registers], float]:
        return lambda r: 24e6 / 16 / (r[base + 0x24] + r[base + 0x28] / 64)

    def locked(r: Registers, address: int) -> None:
        keys = {0x40004018: (0x40004014, 0x47), 0x40010030: (0x40010060, 0x73)}
        if address in keys:
            lock, key = keys[address]
            assert r.get(lock) == key, f"{address:#x} written while locked"
        if 0x4001C000 <= address < 0x4001D000:
            assert r.get(0x40021008, 0) >> 7 & 1, "the UART has no power"

    return Chip(
        ((0x40000000, 0x50000000), _CORE),
        lambda base: Uart(base + 0x18, base, base, lambda n: (n == 0) << 4, baud(base)),
        lambda r: 48e6 / (1 + (r[0x40004018] & 1)),
        lambda r: r[0x4001C030] == 0x319 and r[0x40010030] & 0xFFFF == 0x0200,
        _from_vectors,
        {0x40021018: lambda r: (r.get(0x40021008, 0) >> 7 & 1) << 2},
        {0x40004018: 1, 0x40010030: 0x18181818},
        locked,
    )


_CHIPS: dict[str, Callable[[Board], Chip]] = {
    "rpi-pico": _rp2(0x40008000, 0x4000C000, 0x40024000, 0x40028000, 0x40034000, 0x01FFFFFF, 0x4001C000),
    "rpi-pico2": _rp2(0x40010000, 0x40020000, 0x40048000, 0x40050000, 0x40070000, 0x1FFFFFFF, 0x40038000),
    "nucleo-f446re": _stm32f4_family("f4"),
    "stm32f746g-disco": _stm32f4_family("f7"),
    "nucleo-l4r5zi": _stm32l4,
    "nucleo-h743zi": _stm32h7,
    "nucleo-u575zi": _stm32u5,
    "nrf52840-dk": _nrf52(6, 8),
    "microbit-v2": _nrf52(6, 32 + 8),
    "arduino-nano33-ble": _nrf52(32 + 3, 32 + 10),
    "teensy41": _imxrt1060,
    "esp32-c3-devkit": _esp32c3,
    "sparkfun-edge": _apollo3,
}
