"""What the build itself puts into boot blocks: the checksum of the RP2040's second boot stage."""

from __future__ import annotations

from collections.abc import Callable

from .board import BoardError
from .elf import read_elf

_BOOT_BYTES = 256


def finish_boot_block(boot: str, data: bytes) -> bytes:
    """The ELF file `data` with all in its boot block that no assembler can put there.

    Args:
        boot: the name of the block's file in runtime_c/port/boot/.

    Raises:
        BoardError: the block is not as it should be.
    """
    return _FINISH[boot](data) if boot in _FINISH else data


def _with_crc(data: bytes) -> bytes:
    section = read_elf(data).section(".boot2")
    if section is None or section.size != _BOOT_BYTES or any(data[section.offset + 252 : section.offset + 256]):
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


_FINISH: dict[str, Callable[[bytes], bytes]] = {"rp2040": _with_crc}
