"""What a model slot holds: the signed head and its marks, as runtime_c/firmware/slots.h reads them."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..runtime.native import ISA_BITS
from .board import Board, BoardError, MemoryMap, Region, Slots
from .keys import SigningKey

_MAGIC, _FORMAT = 0x4D544C52, 1
_HEAD = struct.Struct("<8I64s96s")
HEAD_BYTES = _HEAD.size + 64
_TEXT_BYTES = 95  # and another zero ends them all
_MARK = struct.Struct("<4I")


@dataclass(frozen=True)
class Content:
    """A model as a slot takes it.

    image: plan images as `join_images` makes them, their kernels numbered as the firmware's; kernel_crc, layout_crc: of
    that firmware; version: counts up from 1.
    """

    image: bytes
    arena_bytes: int
    version: int
    board: str
    model: str
    signatures: Sequence[str]
    kernel_crc: int
    layout_crc: int


@dataclass(frozen=True)
class Updatable:
    """What makes firmware updatable: where its slots lie, what the first holds, and whose models it takes."""

    slots: Slots
    content: Content
    key: SigningKey
    allow_downgrade: bool


def signed_head(content: Content, key: SigningKey) -> bytes:
    """The head of a slot.

    Raises:
        BoardError: the names of the model's signatures are too long for it.
    """
    signatures = b"".join(plain(name or "-").encode() + b"\0" for name in content.signatures)
    room = _TEXT_BYTES - len(signatures) - 1
    if room < 1:
        raise BoardError(f"the names of the model's signatures take {len(signatures)} of {_TEXT_BYTES} bytes")
    text = plain(content.model or "model")[:room].encode() + b"\0" + signatures
    words = (_MAGIC, _FORMAT, content.version, len(content.image), content.kernel_crc, content.layout_crc)
    board = zlib.crc32(plain(content.board).encode())
    head = _HEAD.pack(*words, content.arena_bytes, board, hashlib.sha512(content.image).digest(), text)
    return head + key.sign(head)


def first_slot(updatable: Updatable) -> bytes:
    """The slot that firmware comes with: installed, tried and confirmed."""
    head, image = signed_head(updatable.content, updatable.key), updatable.content.image
    record = struct.pack("<3I", 1, zlib.crc32(head), zlib.crc32(image))
    marks = (record + struct.pack("<I", zlib.crc32(record)), bytes(_MARK.size), bytes(_MARK.size))
    size = _mark_bytes(updatable.slots)
    start = head + b"".join(mark.ljust(size, b"\xff") for mark in marks)
    start = start.ljust(image_offset(updatable.slots), b"\xff")
    whole = start + image
    return whole + b"\xff" * (-len(whole) % max(updatable.slots.write_bytes, 256))


def empty_slot(slots: Slots) -> bytes:
    """What makes a slot empty, whatever it held: the start of one."""
    return b"\xff" * (image_offset(slots) + -image_offset(slots) % 256)


def image_offset(slots: Slots) -> int:
    """Where in a slot the images begin."""
    return (HEAD_BYTES + 3 * _mark_bytes(slots) + 63) & ~63


def layout_crc(root: Path, isa: Sequence[str]) -> int:
    """Tells how kernels find their parameters in an image: CRC-32 of the C headers that say it, without comments.

    Args:
        root: the C sources; isa: the board's instruction sets.
    """
    foreign = ISA_BITS.keys() - {*isa, "scalar"}
    headers = [root / "core" / "image.h", root / "core" / "kernel.h", *sorted((root / "kernels").rglob("*.h"))]
    text = ""
    for header in headers:
        if header.stem.rsplit("_", 1)[-1] not in foreign:
            text += " ".join(re.sub(r"/\*.*?\*/", " ", header.read_text("utf-8"), flags=re.DOTALL).split())
    return zlib.crc32(text.encode())


def without_slots(board: Board, slots: Slots) -> Board:
    """The board with only the memory that the slots leave: they take the end of the region `image`.

    Raises:
        BoardError: the slots are larger than that region.
    """
    memory = board.memory
    if memory is None:
        return board
    taken = 2 * slots.slot_bytes
    if taken > memory.image.bytes:
        raise BoardError(
            f"two slots of {slots.slot_bytes} bytes do not fit region '{memory.image.name}' of {board.name}, which has "
            f"{memory.image.bytes}"
        )
    smaller = replace(memory.image, bytes=memory.image.bytes - taken)
    return replace(board, memory=_with_region(memory, smaller))


def slots_address(board: Board) -> int:
    """Where the slots begin on a board that `without_slots` gave."""
    assert board.memory is not None
    return board.memory.image.address + board.memory.image.bytes


def plain(text: str) -> str:
    """Text as C strings and devices hold it: at most 63 printable ASCII characters."""
    return "".join(c if 32 <= ord(c) < 127 and c not in '"\\?' else "_" for c in text)[:63]


def _mark_bytes(slots: Slots) -> int:
    return max(16, slots.write_bytes)


def _with_region(memory: MemoryMap, region: Region) -> MemoryMap:
    """The map with `region` in place of the one of that name."""
    roles: dict[str, Any] = {f.name: getattr(memory, f.name) for f in fields(memory)}
    changed: dict[str, Any] = {k: region for k, r in roles.items() if isinstance(r, Region) and r.name == region.name}
    return replace(memory, **changed)
