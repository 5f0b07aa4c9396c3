"""Serial ports, and whatever else pyserial opens by URL (`socket://host:port`, `rfc2217://...`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import DeviceError, LinkGone


class SerialStream:
    """An open serial port.

    Args:
        url: a port's name (`/dev/ttyUSB0`, `COM3`) or a pyserial URL.
        baud: bits per second; ignored by URLs that have none.

    Raises:
        DeviceError: the port cannot be opened.
    """

    def __init__(self, url: str, baud: int) -> None:
        import serial

        try:
            self._port: Any = serial.serial_for_url(url, baudrate=baud, timeout=0, exclusive=_exclusive(url))
        except (serial.SerialException, OSError, ValueError) as problem:
            hint = "; is another program using it, and may this user open it (group dialout)?"
            raise DeviceError(f"cannot open {url}: {problem}{hint if url.startswith('/') else ''}") from problem
        self._errors = (serial.SerialException, OSError)
        self._url = url

    def read(self, timeout_s: float) -> bytes:
        """See ByteStream.read."""
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            if not first:
                return b""
            self._port.timeout = 0
            rest: bytes = self._port.read(max(self._port.in_waiting, 4096))
            return first + rest
        except self._errors as problem:
            raise LinkGone(f"{self._url} is gone ({problem}): connect it again and repeat") from problem

    def write(self, data: bytes) -> None:
        """See ByteStream.write."""
        try:
            self._port.write(data)
            self._port.flush()
        except self._errors as problem:
            raise LinkGone(f"{self._url} is gone ({problem}): connect it again and repeat") from problem

    def close(self) -> None:
        """Closes the port."""
        self._port.close()


def find_port(usb_ids: Sequence[str] = (), how: str = "as in serial:{}") -> str:
    """The one serial port that a board hangs on.

    Args:
        usb_ids: "vid:pid" in hexadecimal; none: any USB serial port will do.
        how: what errors say of naming a port, {} standing for one.

    Raises:
        DeviceError: there is none, or more than one.
    """
    from serial.tools.list_ports import comports

    wanted = {i.lower() for i in usb_ids}
    usb = [(p.device, f"{p.vid:04x}:{p.pid:04x}", p.description) for p in comports() if p.vid is not None]
    found = [p for p in usb if not wanted or p[1] in wanted]
    if len(found) == 1:
        return str(found[0][0])
    listed = ", ".join(f"{device} ({ids} {description})" for device, ids, description in found or usb)
    if not found:
        sought = f"of the board ({', '.join(sorted(wanted))})" if wanted else "with a USB connection"
        there = f"; there: {listed}" if listed else ""
        raise DeviceError(f"no serial port {sought} is connected{there}; name another, {how.format('/dev/ttyUSB0')}")
    raise DeviceError(f"several serial ports could be the device: {listed}; name one, {how.format(found[0][0])}")


def _exclusive(url: str) -> bool | None:
    return True if url.startswith("/dev/") else None
