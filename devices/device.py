"""Device: one object for everything that can be asked of anything that runs a model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DeviceError, LinkError, LinkGone, RequestRefused
from .link import ByteStream, Link
from .protocol import (
    Capability,
    Info,
    Memory,
    Request,
    SignatureInfo,
    SlotsInfo,
    Status,
    TensorInfo,
    parse_info,
    parse_memory,
    parse_signature,
    parse_slots,
    parse_tensor,
)
from .slots import read_kernels, send_model

# TFLite's TensorType numbers that a plain array can hold.
_DTYPES = {
    0: "f4", 1: "f2", 2: "i4", 3: "u1", 4: "i8", 6: "?", 7: "i2", 9: "i1", 10: "f8", 12: "u8", 15: "u4", 16: "u2",
}  # fmt: skip

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Kind:
    """What sort of device this is, beyond what it says itself.

    name: "host", "emulator", "serial" or a third party's; instructions_per_tick: if the device's counter measures
    executed instructions (an emulator's clock that advances by a fixed time per instruction), None if it measures
    time; patience_s: how long one request may keep it busy; timeout_s: how long it may take to answer at all.
    """

    name: str
    instructions_per_tick: float | None = None
    patience_s: float = 600.0
    timeout_s: float = 1.0


@dataclass(frozen=True)
class Duration:
    """A measured time: `ticks` of the device's counter, and the same as `value` in `unit` ("s" or "instructions")."""

    ticks: int
    value: float
    unit: str


@dataclass(frozen=True)
class _Signature:
    info: SignatureInfo
    inputs: list[TensorInfo]
    outputs: list[TensorInfo]


class Device:
    """A device with a session open on it; a context manager.

    Attributes: info (what it said of itself), inputs, outputs (their place, type and shape, of the signature selected;
    at first that is the model's first), kind.

    Args:
        stream: an open byte stream; owned and closed by this object.
        start_timeout_s: how long the device may take to begin to answer.

    Raises:
        LinkError: nothing answers. DeviceError: what answers is no rillet firmware of this version.
    """

    def __init__(self, stream: ByteStream, kind: Kind, *, start_timeout_s: float = 10.0) -> None:
        self.kind = kind
        self._start_timeout_s = start_timeout_s
        self._stream = stream
        self._link = Link(stream, timeout_s=kind.timeout_s)
        try:
            self._link.drain()
            self._hello(start_timeout_s)
        except BaseException:
            self.close()
            raise

    def write(self, offset: int, data: bytes, progress: Progress | None = None) -> None:
        """Puts bytes into the arena at `offset`. May be repeated and resumed at any offset.

        Args:
            progress: called with (bytes done, bytes in all).
        """
        self._send_in_pieces(Request.WRITE, offset, data, progress)

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes of the arena from `offset`."""
        out = bytearray()
        while len(out) < size:
            piece = min(self.info.body_bytes, size - len(out))
            body = (offset + len(out)).to_bytes(4, "little") + piece.to_bytes(4, "little")
            got = self._link.request(Request.READ, body)
            if len(got) != piece:
                raise DeviceError(f"READ: asked for {piece} bytes, got {len(got)}; build and flash the firmware again")
            out += got
        return bytes(out)

    def signatures(self) -> list[SignatureInfo]:
        """What the device says of each signature of its model."""
        found = [self._signature(index).info for index in range(self.info.signatures)]
        self._choose(self._selected)
        return found

    def select(self, index: int) -> SignatureInfo:
        """Makes signature `index` the one that inputs, outputs, runs and profiles are about.

        Variables keep their values; other values in the arena may be gone once it has run.

        Raises:
            RequestRefused: there is no such signature.
        """
        chosen = self._signature(index)
        self._choose(index)
        self._selected = index
        self.inputs, self.outputs, self._steps = chosen.inputs, chosen.outputs, chosen.info.steps
        return chosen.info

    def set_input(self, index: int, value: NDArray[Any]) -> None:
        """Writes input `index`; `value` must have its shape and dtype.

        Raises:
            DeviceError: there is no such input, or the shape or dtype differs.
        """
        info = _at(self.inputs, index, "input")
        value = np.asarray(value, order="C")
        wanted = _dtype(info)
        if value.dtype != wanted or value.shape != info.shape:
            raise DeviceError(
                f"input {index} is {wanted.name} of shape {info.shape}, not {value.dtype} of shape {value.shape}"
            )
        self.write(info.offset, value.tobytes())

    def input_dtype(self, index: int) -> np.dtype[Any]:
        """Element type of input `index`."""
        return _dtype(_at(self.inputs, index, "input"))

    def output(self, index: int) -> NDArray[Any]:
        """Output `index` after a run, with its shape and dtype."""
        info = _at(self.outputs, index, "output")
        return np.frombuffer(self.read(info.offset, info.size_bytes), _dtype(info)).reshape(info.shape)

    def run(self, first: int = 0, count: int | None = None, repetitions: int = 1) -> Duration:
        """Executes steps first .. first + count (all of them by default) `repetitions` times; the time of them all.

        Inputs may be overwritten by a run: write them again before the next unless the plan keeps them.

        Raises:
            RequestRefused: a step failed (the message says which, with the runtime's status), or there is no such step.
        """
        count = self._steps - first if count is None else count
        return self.duration(int.from_bytes(self._execute(Request.RUN, first, count, repetitions), "little"))

    def profile(self) -> list[Duration]:
        """Executes all steps once and times each."""
        ticks: list[int] = []
        while len(ticks) < self._steps:
            count = min(self._steps - len(ticks), self.info.body_bytes // 4)
            body = self._execute(Request.PROFILE, len(ticks), count, 1)
            ticks += (int(t) for t in np.frombuffer(body, "<u4"))
        return [self.duration(t) for t in ticks]

    def duration(self, ticks: int) -> Duration:
        """Ticks of this device's counter as time or instructions."""
        if self.info.tick_hz == 0:
            return Duration(ticks, float(ticks), "instructions")
        if self.kind.instructions_per_tick is not None:
            return Duration(ticks, ticks * self.kind.instructions_per_tick, "instructions")
        return Duration(ticks, ticks / self.info.tick_hz, "s")

    def memory(self) -> Memory:
        """Stack high-water mark, arena and static RAM, in bytes."""
        return parse_memory(self._link.request(Request.MEMORY))

    def reset(self) -> None:
        """Clears the arena and the session's state; the model stays."""
        self._link.request(Request.RESET, b"\0")

    def leave(self) -> None:
        """Ends the program where it is a process, restarts it where it is all that the board runs, and closes."""
        self._link.request(Request.RESET, b"\1")
        self.close()

    def load(self, image: bytes, progress: Progress | None = None) -> None:
        """Sends another plan image, made for this firmware's kernels, and starts using it.

        Raises:
            RequestRefused: the device only runs the image it was built with, or this one does not fit it.
        """
        self._send_in_pieces(Request.LOAD, 0, image, progress)
        self._link.request(Request.BOOT, len(image).to_bytes(4, "little"))
        self._hello(self.kind.timeout_s)

    def slots(self) -> SlotsInfo:
        """The model slots of an updatable device.

        Raises:
            RequestRefused: the device is none.
        """
        return parse_slots(self._link.request(Request.SLOTS))

    def kernels(self) -> list[str]:
        """The names of the kernels in an updatable device's firmware, in the order that images number them."""
        return read_kernels(self._link)

    def install(self, head: bytes, image: bytes, progress: Progress | None = None) -> int:
        """Replaces the model of an updatable device; the old one stays until `confirm`. Gives how many bytes were sent.

        A transfer that was broken off goes on where it stopped: what the slot holds already is not sent again.

        Args:
            head: the signed head of a slot (docs/updates.md). image: what it is the head of.

        Raises:
            RequestRefused: the device does not take this model; the old one still runs.
        """
        sent = send_model(self._link, self.slots(), head, image, self.info.body_bytes, self.kind.patience_s, progress)
        self._hello(self.kind.timeout_s)
        return sent

    def confirm(self) -> None:
        """Tells an updatable device that its new model works: from now on it starts with it."""
        self._link.request(Request.CONFIRM)

    def take_text(self) -> list[str]:
        """Lines that the device has printed between frames since the last call."""
        return self._link.take_text()

    def reopen(self) -> None:
        """Begins a new session with a device that has restarted. Raises LinkError where nothing answers."""
        self._hello(self._start_timeout_s)

    @property
    def resent(self) -> int:
        """How many requests had to be sent again: a measure of the line's quality."""
        return self._link.resent

    def close(self) -> None:
        """Ends the connection; an emulator or host process ends with it."""
        self._stream.close()

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hello(self, start_timeout_s: float) -> None:
        begin = time.monotonic()
        # A device that is starting may miss the first bytes, so these requests follow each other faster than others.
        wait_s = self.kind.timeout_s / 8
        while True:
            try:
                self.info: Info = parse_info(self._link.request(Request.HELLO, timeout_s=wait_s, attempts=1))
                break
            except LinkError as problem:
                spent = time.monotonic() - begin
                if isinstance(problem, LinkGone):
                    raise
                if spent > start_timeout_s:
                    raise LinkError(
                        f"nothing answers within {spent:.1f} s: is the device connected, running rillet firmware, and "
                        "at the right baud rate?"
                    ) from problem
                wait_s = min(1.5 * wait_s, self.kind.timeout_s)
        self._known: dict[int, _Signature] = {}
        self._chosen = self._selected = 0
        self._steps = self.info.steps
        self.inputs, self.outputs = self._tensors(self.info.inputs, self.info.outputs)

    def _signature(self, index: int) -> _Signature:
        if index not in self._known:
            info = self._choose(index, always=True)
            assert info is not None
            self._known[index] = _Signature(info, *self._tensors(info.inputs, info.outputs))
        return self._known[index]

    def _choose(self, index: int, always: bool = False) -> SignatureInfo | None:
        """Has the device turn to a signature, if it is not there already."""
        if index == self._chosen and not always:
            return None
        info = parse_signature(self._link.request(Request.SIGNATURE, index.to_bytes(2, "little")))
        self._chosen = index
        return info

    def _tensors(self, inputs: int, outputs: int) -> tuple[list[TensorInfo], list[TensorInfo]]:
        """Of the signature that is chosen on the device."""
        return [self._tensor(0, i) for i in range(inputs)], [self._tensor(1, i) for i in range(outputs)]

    def _tensor(self, side: int, index: int) -> TensorInfo:
        body = side.to_bytes(2, "little") + index.to_bytes(2, "little")
        return parse_tensor(self._link.request(Request.TENSOR, body))

    def _send_in_pieces(self, op: Request, offset: int, data: bytes, progress: Progress | None) -> None:
        piece = self.info.body_bytes - 4
        for at in range(0, len(data), piece):
            self._link.request(op, (offset + at).to_bytes(4, "little") + data[at : at + piece])
            if progress is not None:
                progress(min(at + piece, len(data)), len(data))

    def _execute(self, op: Request, first: int, count: int, repetitions: int) -> bytes:
        body = b"".join(n.to_bytes(4, "little") for n in (first, count, repetitions))
        try:
            return self._link.request(op, body, patience_s=self.kind.patience_s)
        except RequestRefused as refusal:
            if refusal.status != Status.RUNTIME_ERROR or len(refusal.body) != 8:
                raise
            step = int.from_bytes(refusal.body[:4], "little")
            code = int.from_bytes(refusal.body[4:], "little", signed=True)
            raise RequestRefused(
                f"step {step} of the model failed on the device with status {code}", refusal.status, refusal.body
            ) from None

    @property
    def can_update(self) -> bool:
        """Whether `install` is offered."""
        return Capability.UPDATE in self.info.capabilities

    @property
    def can_load(self) -> bool:
        """Whether `load` is offered."""
        return Capability.LOAD in self.info.capabilities


def _at(tensors: list[TensorInfo], index: int, what: str) -> TensorInfo:
    if not 0 <= index < len(tensors):
        raise DeviceError(f"the model on the device has {len(tensors)} {what}s; there is no {what} {index}")
    return tensors[index]


def _dtype(info: TensorInfo) -> np.dtype[Any]:
    if info.dtype not in _DTYPES:
        raise DeviceError(f"the device's tensor has element type {info.dtype}, which cannot be read or written")
    return np.dtype("<" + _DTYPES[info.dtype])
