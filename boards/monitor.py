"""Watching a device over its serial line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from ..devices import Device, DeviceFault, Info, Memory, OpenOptions, open_device
from .board import Board, BoardError
from .catalogue import load_board
from .elf import Elf, read_elf
from .reach import refuse_wrong_board
from .runner import faults_located

_SILENCE_S = 3.0  # a device that starts anew when its port is opened answers sooner


@dataclass(frozen=True)
class DeviceStatus:
    """One look at a device: what it is, its memory now, and how many requests had to be sent again."""

    info: Info
    memory: Memory
    resent: int

    def sentence(self) -> str:
        i, m = self.info, self.memory
        return (
            f"{i.board} ({i.core}) runs '{i.model}', image {i.image_crc:08x}, {i.steps} steps; stack {m.stack_used:,} "
            f"of {m.stack_bytes:,} bytes used, arena {m.arena_used:,} of {m.arena_bytes:,}, variables "
            f"{m.static_bytes:,}; {self.resent} requests sent again"
        )


@dataclass(frozen=True)
class DeviceText:
    """A line that the device printed between frames (`kind` "log"), or a fault that it reported ("fault")."""

    kind: str
    text: str

    def sentence(self) -> str:
        return self.text if self.kind == "log" else f"fault: {self.text}"


def watch_device(
    board: str | None, port: str | None, forever: bool, program: Path | None = None
) -> Iterator[DeviceStatus | DeviceText]:
    """Asks once, or once a second.

    Args:
        program: the firmware's ELF file, for the names of functions in faults.

    Raises:
        BoardError: what answers is another board, or `program` is no ELF file. DeviceError, LinkError: the port cannot
            be opened, or nothing answers there.
    """
    data = None if board is None else load_board(board)
    elf = None if program is None else _read_program(program)
    baud, usb_ids = (data.baud, data.usb_ids) if data else (OpenOptions.baud, OpenOptions.usb_ids)
    options = OpenOptions(baud=baud, usb_ids=usb_ids, start_timeout_s=_SILENCE_S)
    with open_device(f"serial:{port}" if port else "serial", options) as device:
        yield from statuses(device, data, forever, elf)


def statuses(
    device: Device, board: Board | None, forever: bool, program: Elf | None = None
) -> Iterator[DeviceStatus | DeviceText]:
    """What an open device says, once or once a second; after a fault it is expected to start again.

    Raises:
        BoardError: it is another board than `board`. DeviceFault: a fault, unless `forever`. LinkError: it answers no
            more.
    """
    if board is not None:
        refuse_wrong_board(device, board)
    while True:
        try:
            with faults_located(program) if program else nullcontext():
                status = DeviceStatus(device.info, device.memory(), device.resent)
        except DeviceFault as fault:
            if not forever:
                raise
            yield from (DeviceText("log", line) for line in device.take_text())
            yield DeviceText("fault", str(fault))
            device.reopen()
            continue
        yield from (DeviceText("log", line) for line in device.take_text())
        yield status
        if not forever:
            return
        time.sleep(1)


def _read_program(path: Path) -> Elf:
    try:
        return read_elf(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise BoardError(f"cannot read the firmware {path}: {problem}") from problem
