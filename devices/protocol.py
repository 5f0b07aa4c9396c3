"""The wire protocol as bytes: frames and the layout of every reply. Pure functions, no input or output.

docs/protocol.md is the specification; runtime_c/firmware/protocol.h holds the same numbers for the device.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

from .errors import DeviceError

VERSION = 1
REPLY_BIT = 0x80
_HEADER = struct.Struct("<BBHB3x")
_CRC = struct.Struct("<I")
_INFO = struct.Struct("<HHIIIIIIIHH")
_SIGNATURE = struct.Struct("<IIIIHH")
_TENSOR = struct.Struct("<HHIIfi")
_MEMORY = struct.Struct("<5I")
_SLOTS = struct.Struct("<7I32s")
_SLOT = struct.Struct("<4I")
OVERHEAD_BYTES = _HEADER.size + _CRC.size


class Request(IntEnum):
    """What a frame asks for; docs/protocol.md, "Requests"."""

    HELLO = 1
    TENSOR = 2
    WRITE = 3
    READ = 4
    RUN = 5
    PROFILE = 6
    MEMORY = 7
    RESET = 8
    LOAD = 9
    BOOT = 10
    SIGNATURE = 11
    UPDATE = 12
    CHECK = 13
    CONFIRM = 14
    SLOTS = 15
    KERNELS = 16
    FAULT = 127


class Status(IntEnum):
    """What a reply says about its request."""

    OK = 0
    WORKING = 1
    UNSUPPORTED = 2
    BAD_LENGTH = 3
    BAD_RANGE = 4
    OUT_OF_SEQUENCE = 5
    NO_MODEL = 6
    RUNTIME_ERROR = 7
    BAD_VERSION = 8
    BAD_IMAGE = 9
    CRASHED = 10
    BAD_SIGNATURE = 11
    WRONG_FIRMWARE = 12
    TOO_LARGE = 13
    OLD_VERSION = 14
    FLASH_ERROR = 15


class Capability(IntFlag):
    """Bits of `Info.capabilities`."""

    LOAD = 1
    LEAVE = 2
    UPDATE = 4


@dataclass(frozen=True)
class Frame:
    """One frame's content. `op` has REPLY_BIT set in replies."""

    op: int
    sequence: int
    body: bytes = b""
    status: int = Status.OK
    version: int = VERSION


def encode(frame: Frame) -> bytes:
    """The bytes on the line: a zero, the COBS form of header, body and CRC-32, a zero."""
    raw = _HEADER.pack(frame.version, frame.op, frame.sequence, frame.status) + frame.body
    return b"\0" + cobs_encode(raw + _CRC.pack(zlib.crc32(raw))) + b"\0"


def decode(block: bytes) -> Frame | None:
    """The frame between two zero bytes, or None if it is damaged (then it must be ignored)."""
    raw = cobs_decode(block)
    if raw is None or len(raw) < OVERHEAD_BYTES or zlib.crc32(raw[:-4]) != _CRC.unpack(raw[-4:])[0]:
        return None
    version, op, sequence, status = _HEADER.unpack_from(raw)
    return Frame(op, sequence, raw[_HEADER.size : -4], status, version)


_TEXT_LINES = 200


class Decoder:
    """Cuts a byte stream into frames; damaged ones vanish.

    Attributes:
        text: lines of printable characters that came between frames: what the program prints, or a boot loader.

    Args:
        limit_bytes: the longest frame that is kept; a longer run without a zero byte is noise and is dropped.
    """

    def __init__(self, limit_bytes: int = 1 << 20) -> None:
        self.text: list[str] = []
        self._pending = bytearray()
        self._limit = limit_bytes

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        *blocks, rest = data.split(b"\0")
        frames = []
        for block in blocks:
            self._pending += block
            whole = bytes(self._pending)
            frame = decode(whole) if whole else None
            self._pending.clear()
            if frame is not None:
                frames.append(frame)
            elif _is_text(whole):
                self.text = [*self.text, *whole.decode("ascii").splitlines()][-_TEXT_LINES:]
        self._pending += rest
        if len(self._pending) > self._limit:
            # Kept non-empty so that the tail of this noise is not taken for the start of a frame.
            self._pending[:] = b"\xff"
        return frames


def _is_text(data: bytes) -> bool:
    return bool(data) and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in data)


def cobs_encode(data: bytes) -> bytes:
    """`data` without zero bytes, at most one byte in 254 longer plus one."""
    out = bytearray()
    groups = data.split(b"\0")
    for index, group in enumerate(groups):
        start = 0
        while len(group) - start >= 254:
            out += b"\xff" + group[start : start + 254]
            start += 254
        ended = start == len(group) and start > 0 and index == len(groups) - 1
        if not ended:  # a full last block needs no empty one after it
            out += bytes([len(group) - start + 1]) + group[start:]
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """The inverse of `cobs_encode`; None if `data` is not a COBS block."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        block = data[at + 1 : at + code]
        if code == 0 or len(block) != code - 1 or 0 in block:
            return None
        out += block
        at += code
        if code != 0xFF and at < len(data):
            out.append(0)
    return bytes(out)


@dataclass(frozen=True)
class TensorInfo:
    """An input or output as the device holds it.

    dtype: the .tflite TensorType number; shape: elements per axis; scale, zero_point: per-tensor quantization
    (scale 0 for none); offset, size_bytes: where it lies in the arena.
    """

    dtype: int
    shape: tuple[int, ...]
    offset: int
    size_bytes: int
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Info:
    """What a device says of itself in the reply to HELLO.

    body_bytes: largest request or reply body; kernel_crc: CRC-32 of the firmware's kernel names, each followed by a
    newline: an image fits only the kernels it was exported for; image_crc: the plan image's own (0: no model);
    tick_hz: ticks per second of the counter that RUN and PROFILE report (0: it counts instructions); signatures: how
    many the model has, of which the first is the one described here.
    """

    body_bytes: int
    capabilities: Capability
    board: str
    core: str
    model: str
    kernel_crc: int
    image_crc: int
    image_bytes: int
    arena_bytes: int
    steps: int
    tick_hz: int
    inputs: int
    outputs: int
    signatures: int = 0


@dataclass(frozen=True)
class SignatureInfo:
    """What a device says of one of its model's signatures; fields as in `Info`, for this one's image."""

    name: str
    image_crc: int
    image_bytes: int
    arena_used: int
    steps: int
    inputs: int
    outputs: int


class SlotState(IntEnum):
    """How far a model slot is: docs/updates.md, "States"."""

    EMPTY = 0
    INSTALLED = 1
    TRIED = 2
    CONFIRMED = 3


@dataclass(frozen=True)
class SlotInfo:
    """A model slot: its state, and the model's version, number of installation and size in bytes (0 where empty)."""

    state: SlotState
    version: int
    sequence: int
    image_bytes: int


@dataclass(frozen=True)
class SlotsInfo:
    """The model slots of an updatable device.

    page_bytes, write_bytes: what its flash erases at once and writes at least; image_offset: where in a slot the images
    begin; room_bytes: for them; layout_crc: how the firmware's kernels find their parameters; running: number of the
    slot in use, None for none; public_key: of the models that it takes.
    """

    page_bytes: int
    write_bytes: int
    image_offset: int
    room_bytes: int
    layout_crc: int
    running: int | None
    allows_downgrade: bool
    public_key: bytes
    slots: tuple[SlotInfo, ...]


@dataclass(frozen=True)
class Memory:
    """The device's memory in bytes; stack_used is the painted high-water mark since start."""

    stack_bytes: int
    stack_used: int
    arena_bytes: int
    arena_used: int
    static_bytes: int


def parse_info(body: bytes) -> Info:
    """The reply to HELLO. Raises DeviceError if it is not one."""
    limit, signatures, capabilities, kernel_crc, crc, size, arena, steps, tick_hz, inputs, outputs = _take(
        _INFO, body, "HELLO"
    )
    board, core, model = _texts(body[_INFO.size :], 3)
    return Info(
        limit, Capability(capabilities), board, core, model, kernel_crc, crc, size, arena, steps, tick_hz, inputs,
        outputs, signatures,
    )  # fmt: skip


def parse_signature(body: bytes) -> SignatureInfo:
    """The reply to SIGNATURE. Raises DeviceError if it is not one."""
    crc, size, arena, steps, inputs, outputs = _take(_SIGNATURE, body, "SIGNATURE")
    (name,) = _texts(body[_SIGNATURE.size :], 1)
    return SignatureInfo(name, crc, size, arena, steps, inputs, outputs)


def parse_tensor(body: bytes) -> TensorInfo:
    """The reply to TENSOR. Raises DeviceError if it is not one."""
    dtype, rank, offset, size, scale, zero_point = _take(_TENSOR, body, "TENSOR")
    shape = _take(struct.Struct(f"<{rank}I"), body[_TENSOR.size :], "TENSOR")
    return TensorInfo(dtype, shape, offset, size, scale, zero_point)


def parse_memory(body: bytes) -> Memory:
    """The reply to MEMORY. Raises DeviceError if it is not one."""
    return Memory(*_take(_MEMORY, body, "MEMORY"))


def parse_slots(body: bytes) -> SlotsInfo:
    """The reply to SLOTS. Raises DeviceError if it is not one."""
    page, write, offset, room, layout, running, downgrade, key = _take(_SLOTS, body, "SLOTS")
    slots = []
    for at in (_SLOTS.size, _SLOTS.size + _SLOT.size):
        state, *rest = _take(_SLOT, body[at:], "SLOTS")
        slots.append(SlotInfo(SlotState(state if state in list(SlotState) else 0), *rest))
    used = running if running < len(slots) else None
    if page < 1 or write < 1 or offset < 1:
        raise DeviceError("the reply to SLOTS contradicts itself: build and flash the firmware again")
    return SlotsInfo(page, write, offset, room, layout, used, bool(downgrade), key, tuple(slots))


def _take(layout: struct.Struct, body: bytes, what: str) -> tuple[Any, ...]:
    if len(body) < layout.size:
        raise DeviceError(f"the reply to {what} is too short ({len(body)} bytes): build and flash the firmware again")
    return layout.unpack_from(body)


def _texts(body: bytes, count: int) -> list[str]:
    texts = []
    for _ in range(count):
        length = body[0] if body else 0
        texts.append(body[1 : 1 + length].decode("utf-8", "replace"))
        body = body[1 + length :]
    return texts
