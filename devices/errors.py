"""What can go wrong between the host and a device."""

from __future__ import annotations

from .fault import Fault


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

    Attributes: fault (registers and cause). `function` and `caller` are those at pc and lr, for who has the program at
    hand to look them up.
    """

    def __init__(self, fault: Fault, function: str | None = None, caller: str | None = None) -> None:
        reason = f" ({fault.reason})" if fault.reason else ""
        place = f" in {function}," if function else ""
        called = f", called from {caller}" if caller else ""
        accessed = "" if fault.address is None else f", accessed 0x{fault.address:08x}"
        registers = {"lr": fault.lr, "sp": fault.sp, **fault.registers, "status": fault.status, "cause": fault.cause}
        super().__init__(
            f"the device took a hardware fault{reason}{place} at pc 0x{fault.pc:08x}{called}{accessed}; "
            + " ".join(f"{name} 0x{value:08x}" for name, value in registers.items())
        )
        self.fault = fault
