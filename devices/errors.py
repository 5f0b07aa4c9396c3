"""What can go wrong between the host and a device."""

from __future__ import annotations


class DeviceError(Exception):
    """A device could not be opened, reached or understood; the text says which and what to do."""


class LinkError(DeviceError):
    """The line failed: no answer within the time allowed, or the far end is gone."""


class LinkGone(LinkError):
    """The far end is gone for good (process ended, plug pulled): no use in asking again."""


class RequestRefused(DeviceError):
    """The device understood the request and said no.

    Attributes: status (protocol.Status), body (bytes that came with it).
    """

    def __init__(self, message: str, status: int, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class DeviceFault(DeviceError):
    """The device's processor took a fault and stopped.

    Attributes: pc, lr (code addresses), cause (fault status register), address (that was accessed, if known).
    `function` is the one at pc, where the program is at hand to look it up.
    """

    def __init__(self, pc: int, lr: int, cause: int, address: int, function: str | None = None) -> None:
        place = f"in {function}, " if function else ""
        super().__init__(
            f"the device took a hardware fault {place}at pc 0x{pc:08x} (lr 0x{lr:08x}, cause 0x{cause:08x}, "
            f"address 0x{address:08x}); reset it and build the firmware again if it returns"
        )
        self.pc, self.lr, self.cause, self.address = pc, lr, cause, address
