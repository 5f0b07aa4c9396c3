"""Building for each board, and talking to the program in its emulator."""

from __future__ import annotations

import os
import re
import struct
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import BoardError, board_names, build, load_board, open_firmware, read_uf2
from rillet.boards import board as board_module
from rillet.boards.boot import boot_crc
from rillet.boards.kernels import kernel_files
from rillet.boards.runner import faults_located
from rillet.boards.runners import flash, program_file
from rillet.boards.sources import source_root
from rillet.boards.toolchain import find_compiler
from rillet.devices import DeviceFault, LinkError
from rillet.devices import protocol as p
from tests.boards.tools import Builder
from tests.devices.images import ARENA_BYTES, image_without_steps

EMULATED = [n for n in board_names() if load_board(n).emulator and load_board(n).memory]


@pytest.mark.parametrize("name", EMULATED)
def test_bytes_over_an_emulated_uart(built: Builder, name: str) -> None:
    with open_firmware(built(name)) as device:
        assert (device.info.board, device.info.model) == (name, "by hand")
        assert device.inputs[0].shape == (2, 3, 5)
        data = np.random.default_rng(1).bytes(ARENA_BYTES)
        device.write(0, data)
        assert device.read(0, ARENA_BYTES) == data
        assert device.run().unit == "instructions"


def test_every_portable_kernel_is_found(tmp_path: Path) -> None:
    root = source_root()
    listed = (root / "kernels" / "ops.def").read_text("utf-8")
    kernels = re.findall(r"^RLT_KERNEL\((\w+), SCALAR\)", listed, re.MULTILINE)
    compiler = find_compiler("native")

    def compile_files(files: Sequence[Path]) -> list[Path]:
        made = [tmp_path / f"{file.stem}.o" for file in files]
        for file, target in zip(files, made, strict=True):
            compiler.run(["-std=c11", "-O0", "-c", f"-I{root / 'include'}", str(file), "-o", str(target)])
        return made

    found = {symbol for file in kernel_files(root, kernels, ["scalar"], compile_files) for symbol in file.symbols}
    assert len(kernels) > 100 and found >= {f"rlt_{kernel}" for kernel in kernels}


@pytest.mark.parametrize("name", EMULATED)
def test_sizes_are_those_of_the_running_program(built: Builder, name: str) -> None:
    firmware = built(name)
    with open_firmware(firmware) as device:
        device.write(0, bytes(2000))
        device.read(0, 2000)
        device.run()
        memory = device.memory()
    sizes = firmware.sizes
    assert sizes.stack_bound is not None
    assert memory.stack_bytes == sizes.stack
    assert 100 < memory.stack_used <= sizes.stack_bound.bytes
    assert memory.static_bytes == sizes.static
    assert memory.arena_bytes == sizes.arena == ARENA_BYTES
    assert sizes.image == len(image_without_steps())
    assert sizes.code < 5400, "protocol server, port and start-up"
    assert sizes.ram >= sizes.static + sizes.stack + sizes.arena


@pytest.mark.parametrize("name", EMULATED)
def test_a_fault_is_reported_with_its_place(built: Builder, name: str, tmp_path: Path) -> None:
    """The same program with an undefined instruction at the start of one function."""
    firmware = built(name)
    data = bytearray(firmware.path.read_bytes())
    text, victim = firmware.elf.section(".text"), firmware.elf.symbol("port_measure")
    assert text is not None
    assert victim is not None
    at = text.offset + (victim.address & ~1) - text.address
    data[at : at + 4] = bytes(4) if "riscv" in name else b"\x00\xde\x00\xde"  # udf #0; RISC-V's defined illegal one
    path = tmp_path / "damaged.elf"
    path.write_bytes(data)
    located = pytest.raises(DeviceFault, match=r" in port_measure, at pc .*called from fw_serve.* sp 0x")
    with open_firmware(replace(firmware, path=path)) as device, located, faults_located(firmware.elf):
        device.memory()


def test_rp2040_boot_stage_and_uf2(built: Builder) -> None:
    firmware = built("rpi-pico")
    family, (program,) = read_uf2(program_file(firmware, "uf2").read_bytes())
    assert family == 0xE48BFF56
    assert program.address == 0x10000000
    assert struct.unpack_from("<I", program.data, 252)[0] == boot_crc(program.data[:252])
    stack, entry = struct.unpack_from("<II", program.data, 256)
    top, start = firmware.elf.symbol("port_stack_top"), firmware.elf.symbol("reset_handler")
    assert top is not None
    assert start is not None
    assert stack == top.address
    assert entry == start.address
    assert entry & 1
    assert image_without_steps() in program.data


def test_flashing_a_pico_that_is_not_there_says_what_to_do(built: Builder) -> None:
    with pytest.raises(BoardError, match="BOOTSEL"):
        flash(built("rpi-pico"))
    assert "emulated" in flash(built("mps2-an386"))


def test_a_second_build_is_quick(built: Builder, tmp_path: Path) -> None:
    built("mps2-an386")
    start = time.monotonic()
    build(image_without_steps(), [], load_board("mps2-an386"), tmp_path)
    assert time.monotonic() - start < 1.0


def test_what_does_not_fit_is_refused_with_the_numbers(tmp_path: Path) -> None:
    board = load_board("mps2-an386")
    assert board.memory is not None
    small = replace(board.memory.data, bytes=8000)
    with pytest.raises(BoardError, match=r"arena 4096 \+ stack 4096 of 8000 bytes in region 'psram'"):
        build(image_without_steps(), [], _with_memory(board, data=small, arena=small, stack_bytes=4096), tmp_path)
    tight = replace(board.memory.data, bytes=9000)
    with pytest.raises(BoardError, match=r"does not fit mps2-an386: \d+ of 9000 bytes in region 'psram' \(code \d+"):
        build(image_without_steps(), [], _with_memory(board, data=tight, arena=tight, stack_bytes=4096), tmp_path)
    with pytest.raises(BoardError, match=r"stack does not fit .* of 256 bytes, by .*bare_start > main"):
        build(image_without_steps(), [], _with_memory(board, stack_bytes=256), tmp_path)
    assert not (tmp_path / "firmware.elf").exists()


def _with_memory(board: board_module.Board, **changes: object) -> board_module.Board:
    assert board.memory is not None
    return replace(board, memory=replace(board.memory, **changes))  # type: ignore[arg-type]


def test_missing_things_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = load_board("mps2-an386")
    with pytest.raises(BoardError, match="defines rlt_no_such_kernel"):
        build(image_without_steps(), ["no_such_kernel"], board, tmp_path)
    with pytest.raises(BoardError, match=r"needs port/clock/sundial\.c"):
        build(b"", [], replace(board, clock="sundial"), tmp_path)
    with pytest.raises(BoardError, match="not a plan image"):
        build(b"abc", [], board, tmp_path)
    monkeypatch.setenv("RILLET_CC_ARM_NONE_EABI", "no-such-compiler")
    with pytest.raises(BoardError, match="RILLET_CC_ARM_NONE_EABI names no-such-compiler"):
        build(b"", [], board, tmp_path)
    monkeypatch.delenv("RILLET_CC_ARM_NONE_EABI")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BoardError, match="apt install gcc-arm-none-eabi"):
        build(b"", [], board, tmp_path)


@pytest.mark.parametrize("name", ["host", "mps2-an386", "riscv32-virt"])
def test_a_program_can_be_ended(built: Builder, name: str) -> None:
    device = open_firmware(built(name))
    process = device._stream._process  # type: ignore[attr-defined]
    device._link.request(p.Request.RESET, b"\1")
    assert process.wait(timeout=5) == 0
    device.close()


def test_a_board_restarts(built: Builder) -> None:
    with open_firmware(built("microbit")) as device:
        device._link.request(p.Request.RESET, b"\1")
        with pytest.raises(LinkError, match="lost the session"):
            device.memory()
        device._hello(5.0)
        assert device.inputs[0].shape == (2, 3, 5)


def test_unused_objects_are_forgotten(built: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RILLET_CACHE", str(tmp_path / "cache"))
    board = load_board("mps2-an386")
    build(b"", [], board, tmp_path)
    objects = sorted((tmp_path / "cache" / "objects").glob("*.o"))
    assert len(objects) >= 8
    os.utime(objects[0], (0, 0))
    stale = objects[0].with_name("0" * 40 + ".o")
    stale.write_bytes(b"")
    os.utime(stale, (0, 0))
    build(b"", [], board, tmp_path)
    assert sorted((tmp_path / "cache" / "objects").glob("*.o")) == objects


def test_an_emulator_that_is_killed_is_reported(built: Builder) -> None:
    with open_firmware(built("mps2-an386")) as device:
        device._stream._process.kill()  # type: ignore[attr-defined]
        with pytest.raises(LinkError, match="ended"):
            device.read(0, 4)
