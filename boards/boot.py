"""The RP2040's second boot stage: 252 bytes of code and their checksum."""

from __future__ import annotations

from .board import BoardError
from .elf import read_elf
from .linker import BOOT_BYTES


def boot_block_with_crc(data: bytes) -> bytes:
    """The ELF file with the checksum put into the last word of its `.boot2` section.

    Raises:
        BoardError: there is no such section of 256 bytes, or the code leaves no room for the checksum.
    """
    section = read_elf(data).section(".boot2")
    if section is None or section.size != BOOT_BYTES or any(data[section.offset + 252 : section.offset + 256]):
        raise BoardError("the boot stage must be at most 252 bytes")
    checksum = boot_crc(data[section.offset : section.offset + 252])
    return data[: section.offset + 252] + checksum.to_bytes(4, "little") + data[section.offset + 256 :]


def boot_crc(code: bytes) -> int:
    """The checksum that the RP2040's boot ROM expects: CRC-32 with polynomial 0x04C11DB7, most significant bit first,
    start 0xFFFFFFFF, result not inverted (RP2040 datasheet, section 2.8.1.3.1)."""
    crc = 0xFFFFFFFF
    for byte in code:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc
