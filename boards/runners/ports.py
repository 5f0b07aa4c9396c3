"""Serial ports of boards that are to be flashed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from ...devices import DeviceError, find_port
from ..board import BoardError

_TOUCH_BAUD = 1200
_RETURN_S = 8.0


def flash_port(usb_ids: Sequence[str], port: str | None) -> str:
    """`port`, or the one that the board's USB identities find.

    Raises:
        BoardError: there is none, or several could be it; the text lists them.
    """
    if port:
        return port
    try:
        return find_port(usb_ids, "with -p {}")
    except DeviceError as problem:
        raise BoardError(str(problem)) from problem


def touch(port: str, usb_ids: Sequence[str]) -> str:
    """Opens `port` at 1200 baud for a moment, for which Arduino's boards restart in their boot loader (Arduino platform
    specification, upload.use_1200bps_touch), and waits until a port is back; gives that one.

    Raises:
        BoardError: the port cannot be opened, or none comes back.
    """
    import serial

    try:
        line = serial.serial_for_url(port, baudrate=_TOUCH_BAUD)
        with line, suppress(OSError):  # a line may have no modem signals
            line.dtr = False
    except (serial.SerialException, OSError, ValueError) as problem:
        raise BoardError(f"cannot open {port}: {problem}; is another program using it?") from problem
    until = time.monotonic() + _RETURN_S
    while True:
        time.sleep(0.25)
        present = _ports(usb_ids)
        if port in present or len(present) == 1:
            return port if port in present else present[0]
        if time.monotonic() > until:
            raise BoardError(f"{port} has not come back after the restart into the boot loader: press reset twice")


def _ports(usb_ids: Sequence[str]) -> list[str]:
    """The ports of these identities that are there now; with none given, all."""
    from serial.tools.list_ports import comports

    wanted = set(usb_ids)
    return [
        str(p.device) for p in comports() if not wanted or (p.vid is not None and f"{p.vid:04x}:{p.pid:04x}" in wanted)
    ]
