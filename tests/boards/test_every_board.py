"""Firmware with a model for every board: it fits, and what the chip looks at first is where the chip looks."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from rillet.boards import Board, Elf, board_names, load_board, read_uf2
from rillet.boards.boot import boot_crc
from rillet.boards.elf import Segment
from rillet.boards.runners.files import flash_content, flat, program_file
from rillet.boards.target import build_target, prepare_target
from tests.boards.random_ops import draw, model_of
from tests.boards.tools import need_tools
from tests.kernels.test_isa_equality import conv, depthwise, fully_connected

MODEL = model_of([draw(build, 1) for build in (conv, depthwise, fully_connected)])
BARE = [name for name in board_names() if load_board(name).memory is not None]


def _vectors_at(address: int) -> Callable[[Board, Elf, Segment], None]:
    def check(board: Board, elf: Elf, content: Segment) -> None:
        stack, entry = struct.unpack_from("<II", content.data, address - content.address)
        top, reset = elf.symbol("port_stack_top"), elf.symbol("reset_handler")
        assert top is not None and reset is not None
        assert (stack, entry) == (top.address, reset.address)
        assert entry & 1

    return check


def _rp2040(board: Board, elf: Elf, content: Segment) -> None:
    assert content.address == 0x10000000
    assert struct.unpack_from("<I", content.data, 252)[0] == boot_crc(content.data[:252])
    _vectors_at(0x10000100)(board, elf, content)


def _rp2350(board: Board, elf: Elf, content: Segment) -> None:
    _vectors_at(0x10000000)(board, elf, content)
    block = bytes.fromhex("d3deffff 42012110 ff010000 00000000 793512ab")  # RP2350 datasheet, section 5.9.5.1
    assert block in content.data[:4096] and content.data.index(block) % 4 == 0


def _imxrt1060(board: Board, elf: Elf, content: Segment) -> None:
    assert content.address == 0x60000000 and content.data[:4] == b"FCFB"
    tag, entry = struct.unpack_from("<II", content.data, 0x1000)
    _, length, _ = struct.unpack_from("<III", content.data, 0x1020)
    reset = elf.symbol("reset_handler")
    assert reset is not None
    assert (tag & 0xFF, entry, length) == (0xD1, reset.address, len(content.data))
    _vectors_at(0x60002000)(board, elf, content)


def _esp32c3(board: Board, elf: Elf, content: Segment) -> None:
    assert content.address == 0 and content.data[:8] == bytes.fromhex("1d04dbae") * 2
    jump = struct.unpack_from("<I", content.data, 8)[0]
    assert jump & 0xFFF == 0x6F or jump & 0xE003 == 0xA001, "a jump, plain or compressed"


LOOKED_AT: dict[str, Callable[[Board, Elf, Segment], None]] = {
    "rpi-pico": _rp2040,
    "rpi-pico2": _rp2350,
    "teensy41": _imxrt1060,
    "esp32-c3-devkit": _esp32c3,
    "arduino-nano33-ble": _vectors_at(0x10000),
    "sparkfun-edge": _vectors_at(0xC000),
    "nrf52840-dk": _vectors_at(0),
    "microbit": _vectors_at(0),
    "microbit-v2": _vectors_at(0),
}


@pytest.mark.parametrize("name", BARE)
def test_a_model_fits_and_the_chip_finds_it(name: str, tmp_path: Path) -> None:
    need_tools(name)
    board = load_board(name)
    firmware = build_target(prepare_target(MODEL, name, "small"), tmp_path)
    assert all(0 < region.used <= region.total for region in firmware.regions)
    assert firmware.sizes.stack_bound is not None
    assert firmware.sizes.stack_bound.bytes <= firmware.sizes.stack
    content = flat(flash_content(board, firmware.elf))
    assert program_file(firmware, "bin").read_bytes() == content.data
    assert flat(_parsed_hex(program_file(firmware, "hex").read_text())) == content
    if "uf2" in board.flash.options:
        family, pieces = read_uf2(program_file(firmware, "uf2").read_bytes())
        assert family == board.flash.options["uf2"]["family"]
        assert flat(pieces).data[: len(content.data)] == content.data
    assert board.memory is not None
    default = _vectors_at(board.memory.code.address) if board.start == "cortex_m" else None
    check = LOOKED_AT.get(name, default)
    if check is not None:
        check(board, firmware.elf, content)
    else:
        assert firmware.elf.entry == board.memory.code.address, "QEMU's virt board starts at the first byte"


def _parsed_hex(text: str) -> list[Segment]:
    """The pieces of an Intel HEX file, its checksums compared."""
    pieces: list[Segment] = []
    high = 0
    *records, end = [bytes.fromhex(line[1:]) for line in text.splitlines()]
    assert end == bytes.fromhex("00000001FF")
    for record in records:
        assert sum(record) & 0xFF == 0 and len(record) == record[0] + 5
        address, kind, data = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == 4:
            high = int.from_bytes(data, "big") << 16
        else:
            assert kind == 0
            pieces.append(Segment(high + address, data))
    return pieces
