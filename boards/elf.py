"""The parts of an ELF file that a build needs: sections, segments and symbols (System V ABI, "Object Files")."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_SHT_SYMTAB, _SHT_NOBITS = 2, 8
_SHF_ALLOC = 2
_PT_LOAD = 1
_STT_FUNC = 2
_STB_LOCAL = 0


@dataclass(frozen=True)
class Section:
    """name; address it has while running; size in bytes; offset in the file; whether it takes up memory at all, and
    whether its content is in the file."""

    name: str
    address: int
    size: int
    offset: int
    allocated: bool
    stored: bool


@dataclass(frozen=True)
class Segment:
    """What a loader copies: `data` to the load address `address`."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Symbol:
    """A named address; size in bytes, 0 where the file gives none; defined: in this file and not in another; local:
    not seen by other files."""

    name: str
    address: int
    size: int
    function: bool
    defined: bool
    local: bool


@dataclass(frozen=True)
class Elf:
    """A parsed ELF file, 32- or 64-bit, little-endian."""

    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]
    symbols: tuple[Symbol, ...]
    entry: int

    def section(self, name: str) -> Section | None:
        """The section of that name."""
        return next((s for s in self.sections if s.name == name), None)

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of that name."""
        return next((s for s in self.symbols if s.name == name), None)

    def function_at(self, address: int) -> str | None:
        """The function that holds a code address."""
        address &= ~1  # Thumb functions have bit 0 set
        for s in self.symbols:
            if s.function and s.address & ~1 <= address < (s.address & ~1) + max(s.size, 1):
                return s.name
        return None


def read_elf(data: bytes) -> Elf:
    """Parses an ELF file.

    Raises:
        ValueError: not a little-endian ELF file, or a damaged one.
    """
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise ValueError("not a little-endian ELF file")
    wide = data[4] == 2
    try:
        return _read(data, wide)
    except (struct.error, IndexError) as problem:
        raise ValueError(f"damaged ELF file: {problem}") from problem


def _read(data: bytes, wide: bool) -> Elf:
    entry, phoff, shoff = struct.unpack_from("<QQQ" if wide else "<III", data, 24)
    phsize, phnum, shsize, shnum, names_index = struct.unpack_from("<HHHHH", data, 54 if wide else 42)
    headers = [_section_header(data, shoff + i * shsize, wide) for i in range(shnum)]
    names = headers[names_index][4]
    sections = tuple(
        Section(_text(data, names + name), address, size, offset, bool(flags & _SHF_ALLOC), kind != _SHT_NOBITS)
        for name, kind, flags, address, offset, size, _ in headers
    )
    symbols: list[Symbol] = []
    for _, kind, _, _, offset, size, link in headers:
        if kind == _SHT_SYMTAB:
            step = 24 if wide else 16
            symbols += (_symbol(data, at, headers[link][4], wide) for at in range(offset, offset + size, step))
    segments = tuple(s for i in range(phnum) if (s := _segment(data, phoff + i * phsize, wide)) is not None)
    return Elf(sections, segments, tuple(symbols), entry)


def _section_header(data: bytes, at: int, wide: bool) -> tuple[int, int, int, int, int, int, int]:
    """name, type, flags, address, offset, size, link"""
    name, kind, flags, address, offset, size, link = struct.unpack_from("<IIQQQQI" if wide else "<IIIIIII", data, at)
    return name, kind, flags, address, offset, size, link


def _segment(data: bytes, at: int, wide: bool) -> Segment | None:
    if wide:
        kind, _, offset, _, load, size = struct.unpack_from("<IIQQQQ", data, at)
    else:
        kind, offset, _, load, size = struct.unpack_from("<IIIII", data, at)
    return Segment(load, data[offset : offset + size]) if kind == _PT_LOAD and size else None


def _symbol(data: bytes, at: int, strings: int, wide: bool) -> Symbol:
    if wide:
        name, info, _, section, value, size = struct.unpack_from("<IBBHQQ", data, at)
    else:
        name, value, size, info, _, section = struct.unpack_from("<IIIBBH", data, at)
    return Symbol(
        _text(data, strings + name), value, size, info & 15 == _STT_FUNC, section != 0, info >> 4 == _STB_LOCAL
    )


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(0, at)].decode("utf-8", "replace")
