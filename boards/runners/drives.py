"""Boards that are flashed by copying a file to their USB drive: UF2 boot loaders, and debug probes that take .hex."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..board import Board, BoardError
from ..firmware import Firmware
from ..uf2 import read_uf2
from .files import flash_content, program_file

FOLDERS_VARIABLE = "RILLET_DRIVES"


def copy_uf2(firmware: Firmware) -> str:
    """Copies the program's .uf2 file to the drive of the board's boot loader; a sentence that says so.

    Raises:
        BoardError: there is no such drive, it is another chip's, or the copy broke off.
    """
    path = program_file(firmware, "uf2")
    family, pieces = read_uf2(path.read_bytes())
    wanted = sum(len(s.data) for s in flash_content(firmware.board, firmware.elf))
    assert family == firmware.board.flash.options["uf2"]["family"] and sum(len(p.data) for p in pieces) >= wanted
    drive = _drive(firmware.board, firmware.board.flash.options["uf2"]["volume"], "INFO_UF2.TXT", path)
    _copy(path, drive, firmware.board)
    return f"copied {path.name} to {drive}; the board restarts by itself"


def copy_hex(firmware: Firmware) -> str:
    """Copies the program's .hex file to the drive of the board's debug probe; a sentence that says so.

    Raises:
        BoardError: there is no such drive, the probe refused the file, or the copy broke off.
    """
    path = program_file(firmware, "hex")
    drive = _drive(firmware.board, firmware.board.flash.options["drive"]["volume"], "", path)
    _copy(path, drive, firmware.board)
    # DAPLink comes back with this file where it could not program (github.com/ARMmbed/DAPLink, docs/ERRORS.md).
    failure = drive / "FAIL.TXT"
    until = time.monotonic() + 2
    while time.monotonic() < until and not failure.is_file():
        time.sleep(0.1)
    if failure.is_file():
        reason = " ".join(failure.read_text("utf-8", "replace").split())
        raise BoardError(f"the debug probe of {firmware.board.name} could not program it: {reason}")
    return f"copied {path.name} to {drive}; the board restarts by itself"


def _drive(board: Board, volume: str, marker: str, file: Path) -> Path:
    for folder in _mounts(volume):
        if folder.is_dir() and (not marker or (folder / marker).is_file()):
            return folder
    first = f"{board.flash.note}, then flash again" if board.flash.note else "connect the board, then flash again"
    raise BoardError(f"no drive {volume}: {first}, or copy {file} to the drive yourself")


def _copy(path: Path, drive: Path, board: Board) -> None:
    """With every byte on its way when this returns. The drive vanishes once the board has the last one, so an error
    after that means nothing."""
    try:
        with path.open("rb") as source, (drive / path.name).open("wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            try:
                os.fsync(target.fileno())
            except OSError:
                if drive.is_dir():
                    raise
    except OSError as problem:
        raise BoardError(
            f"copying to {drive} broke off ({problem.strerror}): {board.name} may hold half a program; connect it "
            "again and repeat, its boot loader is unharmed"
        ) from problem


def _mounts(volume: str) -> Iterator[Path]:
    for own in filter(None, os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)):
        yield Path(own) / volume
    if sys.platform == "win32":
        yield from (Path(f"{letter}:/") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ")
        return
    user = os.environ.get("USER", "")
    for base in (Path("/media") / user, Path("/run/media") / user, Path("/media"), Path("/Volumes"), Path("/mnt")):
        yield base / volume
