"""UF2 files, which boards with a USB mass storage boot loader take (github.com/microsoft/uf2, file format)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from .elf import Segment

_HEADER = struct.Struct("<8I")
_MAGIC = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_FAMILY_PRESENT = 0x2000
_PAYLOAD_BYTES = 256


def write_uf2(segments: Iterable[Segment], family: int) -> bytes:
    """A UF2 file of 512-byte blocks, each with one 256-byte page; what the segments leave open is zero.

    Args:
        family: the processor family's number, which the boot loader compares with its own.
    """
    pages: dict[int, bytearray] = {}
    for segment in segments:
        for at in range(len(segment.data)):
            address = segment.address + at
            page = pages.setdefault(address & ~(_PAYLOAD_BYTES - 1), bytearray(_PAYLOAD_BYTES))
            page[address & (_PAYLOAD_BYTES - 1)] = segment.data[at]
    out = bytearray()
    for number, address in enumerate(sorted(pages)):
        header = _HEADER.pack(*_MAGIC, _FAMILY_PRESENT, address, _PAYLOAD_BYTES, number, len(pages), family)
        out += (header + pages[address]).ljust(508, b"\0") + struct.pack("<I", _MAGIC_END)
    return bytes(out)


def read_uf2(data: bytes) -> tuple[int, list[Segment]]:
    """The family and the contiguous pieces of a UF2 file.

    Raises:
        ValueError: not a UF2 file, or an inconsistent one.
    """
    if not data or len(data) % 512:
        raise ValueError("a UF2 file is a whole number of 512-byte blocks")
    pieces: list[Segment] = []
    families = set()
    for number in range(len(data) // 512):
        block = data[number * 512 : number * 512 + 512]
        *magic, flags, address, size, index, total, family = _HEADER.unpack_from(block)
        if tuple(magic) != _MAGIC or struct.unpack_from("<I", block, 508)[0] != _MAGIC_END:
            raise ValueError(f"block {number} has no UF2 magic")
        if index != number or total != len(data) // 512 or size > 476 or not flags & _FAMILY_PRESENT:
            raise ValueError(f"block {number} contradicts the file")
        families.add(family)
        payload = block[32 : 32 + size]
        if pieces and pieces[-1].address + len(pieces[-1].data) == address:
            pieces[-1] = Segment(pieces[-1].address, pieces[-1].data + payload)
        else:
            pieces.append(Segment(address, payload))
    if len(families) != 1:
        raise ValueError("the blocks belong to several families")
    return families.pop(), pieces
