"""The files that a build writes itself: what differs from model to model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from .board import Board
from .mlperf_tiny import MlperfTiny

# Room that a host process keeps for images sent to it.
HOST_IMAGE_ROOM = 16 << 20


def write_model(
    work: Path,
    image: bytes,
    arena: int,
    kernels: Sequence[str],
    board: Board,
    model_name: str,
    signatures: Sequence[str],
    mlperf_tiny: MlperfTiny | None,
) -> list[Path]:
    """Writes tables in C, and the image as it is, into `work`; gives the files to compile."""
    room = HOST_IMAGE_ROOM if board.memory is None else 0
    room_at = "room" if room else "NULL"
    names = {"fw_board": board.name, "fw_core": board.core, "fw_model": model_name}
    lines = [
        "/* Written by rillet. */",
        '#include "firmware/model.h"',
        *(f"rlt_status rlt_{k}(const rlt_run *run, const void *params);" for k in kernels),
        f"const rlt_kernel_fn fw_kernels[] = {{{', '.join(f'rlt_{k}' for k in kernels) or 'NULL'}}};",
        f"const uint32_t fw_kernel_count = {len(kernels)}u;",
        f"const uint32_t fw_kernel_crc = {kernel_crc(kernels):#x}u;",
        f"const uint32_t fw_image_bytes = {len(image)}u;",
        f"const uint32_t fw_arena_bytes = {arena}u;",
        *(f"const char {symbol}[] = {_c_string(text)};" for symbol, text in names.items()),
        f"const char *const fw_signatures[] = {{{', '.join([*(_c_string(s) for s in signatures), 'NULL'])}}};",
        f'uint8_t fw_arena[{arena}] __attribute__((section(".bss.fw_arena"), aligned(RLT_ALIGNMENT)));',
        *([f"static uint8_t room[{room}] __attribute__((aligned(RLT_ALIGNMENT)));"] if room else []),
        f"uint8_t *const fw_image_room = {room_at};",
        f"const uint32_t fw_image_room_bytes = {room}u;",
        *_text_protocol(mlperf_tiny),
        "",
    ]
    (work / "model.c").write_text("\n".join(lines), "utf-8")
    (work / "image.bin").write_bytes(image)
    (work / "image.S").write_text(
        '.section .fw_image, "a"\n.balign 64\n.global fw_image\nfw_image:\n'
        f'.incbin "{work / "image.bin"}"\n.balign 4\n.section .note.GNU-stack, ""\n',
        "utf-8",
    )
    return [work / "model.c", work / "image.S"]


def _text_protocol(mlperf_tiny: MlperfTiny | None) -> list[str]:
    if mlperf_tiny is None:
        return ["int (*const fw_text)(uint8_t byte, rlt_session *session) = NULL;"]
    m = mlperf_tiny
    return [
        '#include "firmware/mlperf_tiny.h"',
        f"static uint8_t raw[{m.raw_bytes}] __attribute__((aligned(4)));",
        f'const struct mlperf_tiny fw_mlperf_tiny = {{"{m.benchmark}", {m.kind}u, raw, {m.raw_bytes}u}};',
        "int (*const fw_text)(uint8_t byte, rlt_session *session) = mlperf_tiny_byte;",
    ]


def _c_string(text: str) -> str:
    """A C string; 63 bytes are what the device reports."""
    inside = "".join(c if 32 <= ord(c) < 127 and c not in '"\\?' else "_" for c in text)
    return f'"{inside[:63]}"'


def kernel_crc(kernels: Sequence[str]) -> int:
    """What a device reports as its kernel table: CRC-32 of the names, each followed by a newline."""
    return zlib.crc32("".join(f"{k}\n" for k in kernels).encode())
