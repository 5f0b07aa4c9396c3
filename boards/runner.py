"""Talking to a built program on its board."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..devices import Device, DeviceFault, OpenOptions, open_device
from .board import Board, BoardError
from .elf import Elf
from .firmware import Firmware, flash_file


def open_firmware(firmware: Firmware, spec: str | None = None) -> Device:
    """The device that runs this program.

    Args:
        spec: as for `rillet.devices.open_device`; None: the emulator or host process if the board has one, else the
            serial port.

    Raises:
        BoardError: the emulator is not installed. DeviceError, LinkError: as `open_device`.
    """
    return open_device(spec or default_spec(firmware.board), open_options(firmware.board, firmware.path))


@contextmanager
def faults_located(program: Elf) -> Iterator[None]:
    """Adds the functions of `program` to a DeviceFault raised inside: where it happened, and the caller."""
    try:
        yield
    except DeviceFault as problem:
        find = program.function_at
        raise DeviceFault(problem.fault, find(problem.fault.pc), find(problem.fault.lr)) from None


def open_updatable(board: Board, folder: Path, port: str | None = None) -> Device:
    """The device that runs updatable firmware: the one on the board, or for an emulated one the program in `folder`.

    Raises:
        BoardError: there is no such program, or no emulator. DeviceError, LinkError: as `open_device`.
    """
    spec = f"serial:{port}" if port else default_spec(board)
    program = folder / "firmware.elf"
    if not spec.startswith("serial") and not program.is_file():
        raise BoardError(f"there is no {program}: build it first, `rillet build MODEL -b {board.name} --updatable`")
    return open_device(spec, open_options(board, program))


def default_spec(board: Board) -> str:
    """The kind of device that a board is: "host", "emulator" or "serial"."""
    if board.memory is None:
        return "host"
    return "serial" if board.emulator is None else "emulator"


def open_options(board: Board, program: Path) -> OpenOptions:
    """What `open_device` must know to reach `program` on `board`.

    Raises:
        BoardError: the emulator is not installed.
    """
    return OpenOptions(
        program=_emulator_command(board, program),
        instructions_per_tick=board.instructions_per_tick,
        baud=board.baud,
        usb_ids=board.usb_ids,
    )


def _emulator_command(board: Board, program: Path) -> list[str]:
    if board.emulator is None:
        return []
    shift = board.emulator.icount_shift
    places = {"program": program.resolve(), "flash": flash_file(program)}
    words = [w.format(icount_shift=shift, **places) for w in board.emulator.command]
    if shutil.which(words[0]) is None:
        raise BoardError(f"{words[0]} is not installed; apt install {board.emulator.package or words[0]}")
    return words
