"""The files that a build writes itself: what differs from model to model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from .board import Board
from .mlperf_tiny import MlperfTiny
from .slots import Updatable, empty_slot, first_slot, plain

# Room that a host process keeps for images sent to it.
HOST_IMAGE_ROOM = 16 << 20


def write_model(
    work: Path,
    image: bytes,
    arena: int,
    fast: int,
    kernels: Sequence[str],
    board: Board,
    model_name: str,
    signatures: Sequence[str],
    mlperf_tiny: MlperfTiny | None,
    updatable: Updatable | None,
) -> list[Path]:
    """Writes tables in C, and the image or the slot with it, into `work`; gives the files to compile."""
    room = host_image_room(board, updatable)
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
        *_arena(arena - fast, fast, board),
        *([f"static uint8_t room[{room}] __attribute__((aligned(RLT_ALIGNMENT)));"] if room else []),
        f"uint8_t *const fw_image_room = {room_at};",
        f"const uint32_t fw_image_room_bytes = {room}u;",
        *_text_protocol(mlperf_tiny),
        *(_updates(updatable, kernels) if updatable else []),
        "",
    ]
    (work / "model.c").write_text("\n".join(lines), "utf-8")
    (work / "image.bin").write_bytes(first_slot(updatable) if updatable else image)
    stored = f'.incbin "{work / "image.bin"}"\n'
    home = (
        _slot_sections(stored, board, updatable)
        if updatable
        else f'.section .fw_image, "a"\n.balign 64\n.global fw_image\nfw_image:\n{stored}.balign 4\n'
    )
    (work / "image.S").write_text(f'{home}.section .note.GNU-stack, ""\n', "utf-8")
    return [work / "model.c", work / "image.S"]


def host_image_room(board: Board, updatable: Updatable | None) -> int:
    """Bytes that a program keeps in RAM for an image sent to it: only a host process that has no slots for it."""
    return HOST_IMAGE_ROOM if board.memory is None and updatable is None else 0


def _updates(updatable: Updatable, kernels: Sequence[str]) -> list[str]:
    names = "".join(f'    "{kernel}\\n"\n' for kernel in kernels)
    stored = (len(first_slot(updatable)), len(empty_slot(updatable.slots)))
    return [
        '#include "firmware/slots.h"',
        '#include "firmware/update.h"',
        f"const uint8_t fw_public_key[] = {{{', '.join(map(str, updatable.key.public))}}};",
        f'const char fw_kernel_names[] =\n{names}    "";',
        f"const uint32_t fw_layout_crc = {updatable.content.layout_crc:#x}u;",
        f"const uint8_t fw_allow_downgrade = {int(updatable.allow_downgrade)};",
        f"const uint32_t fw_slot_bytes = {updatable.slots.slot_bytes}u;",
        "extern const uint32_t fw_slot_stored_bytes[FW_SLOTS];",
        f"const uint32_t fw_slot_stored_bytes[FW_SLOTS] = {{{stored[0]}u, {stored[1]}u}};",
    ]


def _slot_sections(stored: str, board: Board, updatable: Updatable) -> str:
    """The first slot's content, and what makes the other one empty; on a host, both slots as they are."""
    slots = updatable.slots
    if board.memory is None:
        rest = slots.slot_bytes - len(first_slot(updatable))
        return (
            f'.section .fw_slots, "aw"\n.balign {slots.page_bytes}\n.global fw_slots\nfw_slots:\n{stored}'
            f".fill {rest + slots.slot_bytes}, 1, 0xff\n"
        )
    empty = len(empty_slot(slots))
    return f'.section .fw_slot_0, "a"\n{stored}.section .fw_slot_1, "a"\n.fill {empty}, 1, 0xff\n'


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


def _arena(slow: int, fast: int, board: Board) -> list[str]:
    """The arena, and its end in faster memory on boards that have such."""
    aligned = "aligned(RLT_ALIGNMENT)"
    lines = [f'uint8_t fw_arena[{max(slow, 64)}] __attribute__((section(".bss.fw_arena"), {aligned}));']
    if board.memory is None or board.memory.fast is None:
        return lines
    if fast:
        lines.append(f'static uint8_t fast_arena[{fast}] __attribute__((section(".bss.fw_fast_arena"), {aligned}));')
    at = "fast_arena" if fast else f"fw_arena + {slow}"
    return [*lines, f"const uint32_t fw_slow_bytes = {slow}u;", f"uint8_t *const fw_fast_arena = {at};"]


def _c_string(text: str) -> str:
    """A C string; 63 bytes are what the device reports."""
    return f'"{plain(text)}"'


def kernel_crc(kernels: Sequence[str]) -> int:
    """What a device reports as its kernel table: CRC-32 of the names, each followed by a newline."""
    return zlib.crc32("".join(f"{k}\n" for k in kernels).encode())
