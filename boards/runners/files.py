"""The files that flashing tools take, made from a built program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ...ir import replacing
from ..board import Board, BoardError
from ..elf import Elf, Segment
from ..firmware import Firmware
from ..uf2 import write_uf2

_HEX_BYTES = 16


def flash_content(board: Board, elf: Elf) -> list[Segment]:
    """What is to be in the board's flash, at the addresses that flashing tools use, in their order."""
    assert board.memory is not None
    memory = board.memory
    regions = {r.name: r for r in (memory.code, memory.constants, memory.image)}.values()
    content = []
    for segment in elf.segments:
        for region in regions:
            if region.address <= segment.address < region.address + region.bytes:
                content.append(Segment(segment.address - region.address + region.file_address, segment.data))
                break
    return sorted(content, key=lambda s: s.address)


def flat(segments: Iterable[Segment]) -> Segment:
    """One piece from the first byte to the last; gaps are FF, as in erased flash.

    Raises:
        ValueError: there is nothing in it.
    """
    pieces = list(segments)
    if not pieces:
        raise ValueError("the program has no content for the flash")
    start, end = pieces[0].address, max(s.address + len(s.data) for s in pieces)
    data = bytearray(b"\xff") * (end - start)
    for piece in pieces:
        data[piece.address - start : piece.address - start + len(piece.data)] = piece.data
    return Segment(start, bytes(data))


def intel_hex(segments: Iterable[Segment]) -> bytes:
    """An Intel HEX file (Intel, "Hexadecimal Object File Format Specification", 1988): records of 16 bytes."""
    lines, high = [], -1
    for segment in segments:
        at = 0
        while at < len(segment.data):
            address = segment.address + at
            if address >> 16 != high:
                high = address >> 16
                lines.append(_record(4, 0, high.to_bytes(2, "big")))
            size = min(_HEX_BYTES, len(segment.data) - at, 0x10000 - (address & 0xFFFF))
            lines.append(_record(0, address & 0xFFFF, segment.data[at : at + size]))
            at += size
    lines.append(_record(1, 0, b""))
    return "".join(f"{line}\n" for line in lines).encode()


def program_file(firmware: Firmware, kind: str) -> Path:
    """Writes the program as "bin", "hex" or "uf2" beside its ELF file, and gives the path; "elf" is there already.

    Raises:
        BoardError: the board has no memory of its own to flash, or no UF2 boot loader; the file cannot be written.
    """
    if kind == "elf":
        return firmware.path
    if firmware.board.memory is None:
        raise BoardError(f"{firmware.board.name} is a process of an operating system: it takes no .{kind} file")
    path = firmware.path.with_suffix(f".{kind}")
    content = _WRITERS[kind](firmware)
    with replacing(path, BoardError) as file:
        file.write(content)
    return path


def _uf2(firmware: Firmware) -> bytes:
    options = firmware.board.flash.options.get("uf2")
    if options is None:
        raise BoardError(f"{firmware.board.source}: has no [flash.uf2], so there is no family for a .uf2 file")
    return write_uf2(flash_content(firmware.board, firmware.elf), options["family"])


_WRITERS: dict[str, Callable[[Firmware], bytes]] = {
    "bin": lambda f: flat(flash_content(f.board, f.elf)).data,
    "hex": lambda f: intel_hex(flash_content(f.board, f.elf)),
    "uf2": _uf2,
}


def _record(kind: int, address: int, data: bytes) -> str:
    body = bytes([len(data), address >> 8, address & 0xFF, kind]) + data
    return f":{body.hex().upper()}{-sum(body) & 0xFF:02X}"
