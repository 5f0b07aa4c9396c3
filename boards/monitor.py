"""Watching a device over its serial line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..devices import Device, Info, Memory, OpenOptions, open_device
from .board import Board
from .catalogue import load_board
from .reach import refuse_wrong_board


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


def watch_device(board: str | None, port: str | None, forever: bool) -> Iterator[DeviceStatus]:
    """Asks once, or once a second.

    Raises:
        BoardError: what answers is another board. DeviceError, LinkError: the port cannot be opened, or nothing answers
            there.
    """
    data = None if board is None else load_board(board)
    options = OpenOptions() if data is None else OpenOptions(baud=data.baud, usb_ids=data.usb_ids)
    with open_device(f"serial:{port}" if port else "serial", options) as device:
        yield from statuses(device, data, forever)


def statuses(device: Device, board: Board | None, forever: bool) -> Iterator[DeviceStatus]:
    """What an open device says, once or once a second.

    Raises:
        BoardError: it is another board than `board`. LinkError: it answers no more.
    """
    if board is not None:
        refuse_wrong_board(device, board)
    while True:
        yield DeviceStatus(device.info, device.memory(), device.resent)
        if not forever:
            return
        time.sleep(1)
