"""Getting a built program onto its board, and talking to it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..devices import Device, DeviceFault, OpenOptions, open_device
from .board import Board, BoardError
from .firmware import Firmware
from .uf2 import write_uf2


def flash(firmware: Firmware) -> str:
    """Puts the program onto the board by the board's runner; a sentence that says what was done.

    For an emulated board there is nothing to do: opening the device starts it.

    Raises:
        BoardError: the runner's program is missing or fails, or the board's boot drive is not there.
    """
    runner = firmware.board.flash.runner
    if runner == "emulator":
        return f"{firmware.board.name} is emulated: the program starts when the device is opened"
    if runner == "uf2":
        return _copy_uf2(firmware)
    return _run_command(firmware)


def uf2_file(firmware: Firmware) -> Path:
    """Writes firmware.uf2 beside the program and gives its path."""
    path = firmware.path.with_suffix(".uf2")
    scratch = path.with_name(path.name + ".part")
    scratch.write_bytes(write_uf2(firmware.elf.segments, firmware.board.flash.options["uf2"]["family"]))
    os.replace(scratch, path)
    return path


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
def faults_located(firmware: Firmware) -> Iterator[None]:
    """Adds to a DeviceFault raised inside the name of the function of `firmware` that it happened in."""
    try:
        yield
    except DeviceFault as fault:
        function = firmware.elf.function_at(fault.pc)
        raise DeviceFault(fault.pc, fault.lr, fault.cause, fault.address, function) from None


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
    words = [w.format(program=program.resolve(), icount_shift=shift) for w in board.emulator.command]
    if shutil.which(words[0]) is None:
        raise BoardError(f"{words[0]} is not installed; apt install {board.emulator.package or words[0]}")
    return words


def _copy_uf2(firmware: Firmware) -> str:
    path = uf2_file(firmware)
    volume = firmware.board.flash.options["uf2"]["volume"]
    for folder in _mounts(volume):
        if (folder / "INFO_UF2.TXT").is_file():
            # The board restarts as soon as it has the last block, so an error at the end means nothing.
            shutil.copyfile(path, folder / path.name)
            return f"copied {path.name} to {folder}; the board restarts by itself"
    raise BoardError(
        f"no drive {volume}: hold the board's BOOTSEL button while plugging it in, then flash again, "
        f"or copy {path} to the drive yourself"
    )


def _mounts(volume: str) -> list[Path]:
    if sys.platform == "win32":
        return [Path(f"{letter}:/") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ"]
    user = os.environ.get("USER", "")
    bases = [Path("/media") / user, Path("/run/media") / user, Path("/media"), Path("/Volumes"), Path("/mnt")]
    return [base / volume for base in bases]


def _run_command(firmware: Firmware) -> str:
    board = firmware.board
    words = [w.format(elf=firmware.path) for w in board.flash.options["command"]["command"]]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as problem:
        package = board.flash.options["command"]["package"] or words[0]
        raise BoardError(f"cannot run {words[0]}: {problem.strerror}; install {package}") from problem
    if done.returncode:
        raise BoardError(f"{words[0]} failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return f"{words[0]} has flashed {firmware.path}"
