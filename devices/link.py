"""Requests and replies over a byte stream that may lose, repeat or change bytes."""

from __future__ import annotations

import random
import time
from typing import Protocol

from .errors import DeviceError, DeviceFault, LinkError, RequestRefused
from .fault import FAULT_BYTES, parse_fault
from .protocol import REPLY_BIT, VERSION, Decoder, Frame, Request, Status, encode

REFUSALS = {
    Status.UNSUPPORTED: "the device does not offer this request; build and flash firmware of this rillet version",
    Status.BAD_LENGTH: "the device found the request's length wrong; build and flash firmware of this rillet version",
    Status.BAD_RANGE: "an offset, length, index or step number is outside what the device has",
    Status.NO_MODEL: "the device holds no model; build firmware with one, or load one",
    Status.RUNTIME_ERROR: "a step of the model failed",
    Status.BAD_IMAGE: "the loaded plan image is damaged or was made for other firmware",
    Status.BAD_SIGNATURE: "the model is not signed with the key that the firmware was built with",
    Status.WRONG_FIRMWARE: "the model was made for another board or other firmware",
    Status.TOO_LARGE: "the model needs a larger slot or arena than the firmware has",
    Status.OLD_VERSION: "the model's version is not above that of the installed one",
    Status.FLASH_ERROR: "the flash did not take what was written: it is worn out, or its driver is wrong",
}


class ByteStream(Protocol):
    """Bytes to and from a device. A transport is this and a way to open it."""

    def read(self, timeout_s: float) -> bytes:
        """The bytes that have come, waiting up to `timeout_s` for the first; b"" if none came.

        Raises:
            LinkGone: nothing can come any more (process ended, plug pulled).
        """

    def write(self, data: bytes) -> None:
        """Sends all of `data`. Raises LinkGone if the far end is gone."""

    def close(self) -> None:
        """Releases the line (and ends the process behind it). May be called twice."""


class Link:
    """One request at a time, each with a sequence number, repeated until its own reply comes.

    A request that the device has executed already is answered again without being executed twice, so repeating is
    always safe; docs/protocol.md, "Losses", says why.

    Args:
        timeout_s: how long to wait for a reply before sending the request again.
        attempts: how often a request is sent before the line is given up.
    """

    def __init__(self, stream: ByteStream, *, timeout_s: float = 1.0, attempts: int = 6) -> None:
        self._stream = stream
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._decoder = Decoder()
        self._frames: list[Frame] = []
        self._sequence = random.randrange(1 << 16)
        self.resent = 0

    def request(
        self,
        op: Request,
        body: bytes = b"",
        *,
        patience_s: float = 0.0,
        timeout_s: float | None = None,
        attempts: int | None = None,
    ) -> bytes:
        """The body of the reply to one request.

        Args:
            patience_s: how long the device may work on it once it has said that it does.
            timeout_s, attempts: replace the link's for this request.

        Raises:
            LinkError: no answer after all attempts, or the far end is gone, or it has restarted.
            RequestRefused: the device answered with an error status.
            DeviceFault: the device's processor took a fault.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        data = encode(Frame(op, self._sequence, body))
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        attempts = attempts or self._attempts
        wait_s = timeout_s
        sent = 0
        finish_by = None  # set once the device has said that it works on it
        while True:
            self._stream.write(data)
            self.resent += sent > 0
            sent += 1
            reply = self._await(op, wait_s)
            while reply is not None and reply.status == Status.WORKING:
                finish_by = finish_by or time.monotonic() + patience_s
                reply = self._await(op, wait_s)
            if reply is not None:
                return self._accept(op, reply)
            if finish_by is None and sent == attempts:
                raise LinkError(
                    f"no answer to {op.name} after {sent} attempts of {timeout_s:.1f} s: is the device connected, "
                    "running rillet firmware, and at the right baud rate?"
                )
            if finish_by is not None:
                if time.monotonic() > finish_by:
                    raise LinkError(f"the device accepted {op.name} but did not finish it within {patience_s:.0f} s")
                # The final reply may get lost: ask again, but ever more rarely.
                wait_s = min(2 * wait_s, max(finish_by - time.monotonic(), timeout_s))

    def drain(self) -> None:
        """Forgets what has come so far (noise, boot messages, replies to an earlier program)."""
        while self._stream.read(0.0):
            pass
        self._frames.clear()

    def take_text(self) -> list[str]:
        """Lines of text that have come between frames since the last call."""
        text, self._decoder.text = self._decoder.text, []
        return text

    def close(self) -> None:
        """Closes the stream."""
        self._stream.close()

    def _await(self, op: Request, wait_s: float) -> Frame | None:
        """The next frame that answers the current request, None if there is none within `wait_s`."""
        until = time.monotonic() + wait_s
        while True:
            while self._frames:
                frame = self._frames.pop(0)
                if frame.op == Request.FAULT | REPLY_BIT and len(frame.body) == FAULT_BYTES:
                    raise DeviceFault(parse_fault(frame.body))
                if frame.op == op | REPLY_BIT and frame.sequence == self._sequence:
                    return frame
            remaining = until - time.monotonic()
            if remaining <= 0:
                return None
            self._frames += self._decoder.feed(self._stream.read(remaining))

    def _accept(self, op: Request, reply: Frame) -> bytes:
        if reply.version != VERSION or reply.status == Status.BAD_VERSION:
            raise DeviceError(
                f"the device speaks protocol version {reply.version}, this program version {VERSION}: "
                "build and flash firmware of this rillet version"
            )
        if reply.status == Status.OUT_OF_SEQUENCE:
            raise LinkError(f"the device lost the session before {op.name} (was it reset?); open it again")
        if reply.status != Status.OK:
            text = REFUSALS.get(Status(reply.status) if reply.status in list(Status) else Status.UNSUPPORTED, "")
            raise RequestRefused(f"{op.name}: {text}", reply.status, reply.body)
        return reply.body
