"""Which devices can be reached from this machine now."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from serial.tools import list_ports

from ..devices import device_kinds
from .catalogue import board_names, load_board


@dataclass(frozen=True)
class Available:
    """`spec` is what `--device` takes, with `--board` where it names one."""

    spec: str
    ready: bool
    description: str


def available_devices() -> list[Available]:
    """The host, every emulated board, every serial port, and kinds that other packages add."""
    found = []
    for name in board_names():
        board = load_board(name)
        if board.memory is None:
            found.append(Available("host", shutil.which("cc") is not None, board.description))
        elif board.emulator is not None:
            program = board.emulator.command[0]
            ready = shutil.which(program) is not None
            note = "" if ready else f" (needs {program}: package {board.emulator.package})"
            found.append(Available(f"emulator --board {name}", ready, board.description + note))
    for port in sorted(list_ports.comports()):
        boards = [] if port.vid is None else boards_of(f"{port.vid:04x}:{port.pid:04x}")
        could_be = f"; could be {', '.join(boards)}" if boards else ""
        found.append(Available(f"serial:{port.device}", True, _said(port.description) + could_be))
    for kind in sorted(set(device_kinds()) - {"host", "emulator", "serial"}):
        found.append(Available(kind, True, "added by an installed package"))
    return found


def boards_of(usb_id: str) -> list[str]:
    """The boards whose serial port has this USB identity ("vid:pid"): their own, or their adapter's."""
    return [name for name in board_names() if usb_id in load_board(name).usb_ids]


def _said(description: str | None) -> str:
    """pyserial says "n/a" for a port that says nothing."""
    return "serial port" if description in (None, "", "n/a") else str(description)
