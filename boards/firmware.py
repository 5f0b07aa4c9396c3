"""Building the firmware for one model and one board."""

from __future__ import annotations

import os
import re
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .board import Board, BoardError
from .boot import boot_block_with_crc
from .elf import Elf, read_elf
from .linker import linker_script
from .objects import compile_all, headers_digest
from .sources import source_root
from .stack import StackBound, stack_bound
from .toolchain import Compiler, find_compiler

_WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror")
# As for the host's library: a fused multiply-add would round differently.
_ARITHMETIC = ("-ffp-contract=off", "-fno-math-errno")
_SECTIONS = ("-ffunction-sections", "-fdata-sections")
_FIRMWARE = ("firmware/main.c", "firmware/server.c", "firmware/frame.c", "core/run.c")
# runtime_c/core/image.h.
_IMAGE_MAGIC = 0x544C5249
_HOST_IMAGE_ROOM = 16 << 20


@dataclass(frozen=True)
class RegionUse:
    """Bytes used of a board's memory region, and bytes there are."""

    name: str
    used: int
    total: int


@dataclass(frozen=True)
class Sizes:
    """A firmware's memory in bytes, read from its ELF file.

    code: instructions and constants; image: the model's plan; flash: all that is stored on the board (code, image,
    initial values of variables); static: variables; stack: reserved; stack_bound: the most the stack can use by the
    call graph (None on a host); arena; ram: static, stack and arena together with gaps.
    """

    code: int
    image: int
    flash: int
    static: int
    stack: int
    stack_bound: StackBound | None
    arena: int
    ram: int


@dataclass(frozen=True)
class Firmware:
    """A built program: `path` of its ELF file, its sizes, and how much of each of the board's regions it uses."""

    path: Path
    board: Board
    sizes: Sizes
    regions: tuple[RegionUse, ...]
    elf: Elf


def build(
    image: bytes, kernels: Sequence[str], board: Board, out_dir: str | os.PathLike[str], *, model_name: str = ""
) -> Firmware:
    """Compiles and links the firmware that runs one model.

    Args:
        image: a self-contained plan image whose kernel numbers index `kernels` (b"" for firmware without a model).
        kernels: names of the kernel functions, without their `rlt_` prefix.
        out_dir: gets firmware.elf, replaced only when the build has succeeded.
        model_name: what the device calls its model, at most 63 bytes.

    Raises:
        BoardError: the compiler is missing or fails, a kernel is unknown, or the program does not fit the board (the
            text has the numbers).
    """
    arena = _arena_bytes(image)
    _refuse_early(board, len(image), arena)
    compiler = find_compiler(board.toolchain)
    root = source_root()
    flags = (*board.flags, *_defines(board))
    optimized = [(root / f, (*_WARNINGS, *_ARITHMETIC, *_SECTIONS, *flags, *_os(f))) for f in _sources(root, board, kernels)]
    headers = headers_digest(root)
    graph = ("-fcallgraph-info=su",) if compiler.bare else ()
    include = [root / "include", *([root / "port" / "include"] if compiler.bare else [])]
    objects = compile_all(compiler, [(source, (*f, *graph)) for source, f in optimized], headers, include)
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        work = Path(scratch)
        own = _write_model(work, image, arena, kernels, board, model_name)
        common = [*compiler.flags, *_WARNINGS, *flags, *(f"-I{p}" for p in (root, *include))]
        linked = work / "firmware.elf"
        compiler.run([*common, *map(str, (*own, *objects)), *_link_options(work, board, compiler), "-o", str(linked)])
        elf = read_elf(linked.read_bytes())
        if board.boot:
            linked.write_bytes(boot_block_with_crc(linked.read_bytes(), elf))
            elf = read_elf(linked.read_bytes())
        bound = _stack_bound(objects, kernels) if compiler.bare else None
        firmware = _measure(out / "firmware.elf", board, elf, bound, arena)
        _refuse_late(firmware)
        os.replace(linked, firmware.path)
    return firmware


def kernel_crc(kernels: Sequence[str]) -> int:
    """What a device reports as its kernel table: CRC-32 of the names, each followed by a newline."""
    return zlib.crc32("".join(f"{k}\n" for k in kernels).encode())


def _arena_bytes(image: bytes) -> int:
    if not image:
        return 64
    words = [int.from_bytes(image[i : i + 4], "little") for i in range(0, 20, 4)]
    if len(image) < 64 or words[0] != _IMAGE_MAGIC or words[2] != len(image):
        raise BoardError("not a plan image: prepare the model again")
    return max(words[4], 64)


def _sources(root: Path, board: Board, kernels: Sequence[str]) -> list[str]:
    """Paths below `root` of all C files that this firmware needs."""
    files = [*_FIRMWARE]
    if board.memory is None:
        files.append(f"port/{board.start}.c")
    else:
        assert board.uart is not None and board.ticks is not None
        files += ["port/bare.c", "port/libc.c", f"port/start/{board.start}.c", f"port/clock/{board.clock}.c"]
        files += [f"port/uart/{board.uart.kind}.c", f"port/ticks/{board.ticks.kind}.c"]
        files += [f"port/boot/{board.boot}.S"] if board.boot else []
    for file in files:
        if not (root / file).is_file():
            raise BoardError(f"{board.source}: needs {file}, which rillet does not have")
    return files + kernel_files(root, kernels)


def kernel_files(root: Path, kernels: Sequence[str]) -> list[str]:
    """The files below `root` that define the named kernels.

    Raises:
        BoardError: a kernel is defined nowhere.
    """
    texts = {path: path.read_text("utf-8") for path in sorted((root / "kernels").rglob("*.c"))}
    files: dict[str, None] = {}
    for kernel in kernels:
        definition = re.compile(rf"\brlt_{re.escape(kernel)}\s*\(const rlt_run\b[^;{{]*\{{")
        found = [path for path, text in texts.items() if definition.search(text)]
        if not found:
            raise BoardError(f"no source file defines the kernel {kernel}; was the model prepared for another target?")
        files[found[0].relative_to(root).as_posix()] = None
    return list(files)


def _os(file: str) -> tuple[str, ...]:
    if file == "port/libc.c":
        return ("-O2", "-fno-tree-loop-distribute-patterns")
    return ("-O2",) if file.startswith("kernels/") else ("-Os",)


def _defines(board: Board) -> list[str]:
    values = {**board.defines, "FW_BODY_BYTES": board.body_bytes}
    if board.uart is not None and board.ticks is not None:
        values |= {"PORT_UART": board.uart.address, "PORT_UART_CLOCK_HZ": board.uart.hz, "PORT_BAUD": board.baud}
        values |= {"PORT_TICKS": board.ticks.address, "PORT_TICK_HZ": board.ticks.hz}
        if board.uart.interrupt is not None:
            values["PORT_UART_INTERRUPT"] = board.uart.interrupt
    return [f"-D{name}={value:#x}u" for name, value in values.items()]


def _write_model(
    work: Path, image: bytes, arena: int, kernels: Sequence[str], board: Board, model_name: str
) -> list[Path]:
    """The two files that differ from model to model: tables in C, and the image as it is."""
    room = _HOST_IMAGE_ROOM if board.memory is None else 0
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
        *(f'const char {symbol}[] = "{_c_text(text)}";' for symbol, text in names.items()),
        f'uint8_t fw_arena[{arena}] __attribute__((section(".bss.fw_arena"), aligned(RLT_ALIGNMENT)));',
        *([f"static uint8_t room[{room}] __attribute__((aligned(RLT_ALIGNMENT)));"] if room else []),
        f"uint8_t *const fw_image_room = {room_at};",
        f"const uint32_t fw_image_room_bytes = {room}u;",
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


def _c_text(text: str) -> str:
    """A C string's inside; 63 bytes are what the device reports."""
    return "".join(c if 32 <= ord(c) < 127 and c not in '"\\?' else "_" for c in text)[:63]


def _link_options(work: Path, board: Board, compiler: Compiler) -> list[str]:
    if board.memory is None:
        return ["-Wl,--gc-sections", "-lm"]
    script = work / "board.ld"
    script.write_text(linker_script(board.memory, boot=bool(board.boot)), "utf-8")
    keep = ["-Wl,--no-warn-rwx-segments", "-Wl,--no-check-sections", "-Wl,--build-id=none"]
    return [f"-T{script}", "-Wl,--gc-sections", *keep, "-lgcc"]


def _stack_bound(objects: Sequence[Path], kernels: Sequence[str]) -> StackBound:
    graphs = [g.read_text("utf-8") for o in objects if (g := o.with_suffix(".ci")).is_file()]
    try:
        # reset_handler may be assembly that jumps to bare_start, of which a call graph knows nothing.
        reachable = ["port_write", *(f"rlt_{k}" for k in kernels)]
        bounds = (stack_bound(graphs, entry, reachable) for entry in ("reset_handler", "bare_start"))
        return max(bounds, key=lambda b: b.bytes)
    except ValueError as problem:
        raise BoardError(f"the firmware's stack has no bound: {problem}") from problem


def _measure(path: Path, board: Board, elf: Elf, bound: StackBound | None, arena: int) -> Firmware:
    def size(name: str) -> int:
        section = elf.section(name)
        return section.size if section else 0

    if board.memory is None:
        symbol = elf.symbol("fw_image_bytes")
        image = size(".fw_image")
        code, static = size(".text") + size(".rodata"), size(".data") + size(".bss") - arena - _HOST_IMAGE_ROOM
        assert symbol is not None
        sizes = Sizes(code, image, code + image + size(".data"), static, 0, None, arena, static + arena)
        return Firmware(path, board, sizes, (), elf)
    code, data = size(".boot2") + size(".text"), size(".data")
    static = data + size(".bss")
    regions = _regions(board, elf)
    ram = sum(r.used for r in regions if r.name in {board.memory.data.name, board.memory.arena.name})
    sizes = Sizes(
        code, size(".image"), code + size(".image") + data, static, size(".stack"), bound, size(".arena"), ram
    )
    return Firmware(path, board, sizes, regions, elf)


def _regions(board: Board, elf: Elf) -> tuple[RegionUse, ...]:
    memory = board.memory
    assert memory is not None
    homes = {".boot2": memory.code, ".text": memory.code, ".image": memory.image, ".arena": memory.arena}
    homes |= dict.fromkeys((".stack", ".data", ".bss"), memory.data)
    ends: dict[str, int] = {r.name: r.address for r in homes.values()}
    for name, region in homes.items():
        section = elf.section(name)
        if section is not None and section.size:
            ends[region.name] = max(ends[region.name], section.address + section.size)
    load, data = elf.symbol("port_data_load"), elf.section(".data")
    if load is not None and data is not None:
        ends[memory.code.name] = max(ends[memory.code.name], load.address + data.size)
    totals = {r.name: r for r in homes.values()}
    return tuple(RegionUse(name, end - totals[name].address, totals[name].bytes) for name, end in ends.items())


def _refuse_early(board: Board, image: int, arena: int) -> None:
    """What cannot fit whatever the code's size needs no compiler to say."""
    if board.memory is None:
        return
    wanted: dict[str, list[tuple[str, int]]] = {}
    for what, size, region in (
        ("model", image, board.memory.image),
        ("arena", arena, board.memory.arena),
        ("stack", board.memory.stack_bytes, board.memory.data),
    ):
        wanted.setdefault(region.name, []).append((what, size))
    for region in (board.memory.image, board.memory.arena, board.memory.data):
        parts = wanted[region.name]
        if sum(size for _, size in parts) > region.bytes:
            listed = " + ".join(f"{what} {size}" for what, size in parts)
            raise BoardError(
                f"the model does not fit {board.name}: {listed} of {region.bytes} bytes in region '{region.name}'"
            )


def _refuse_late(firmware: Firmware) -> None:
    sizes, board = firmware.sizes, firmware.board
    for region in firmware.regions:
        if region.used > region.total:
            raise BoardError(
                f"the model does not fit {board.name}: {region.used} of {region.total} bytes in region '{region.name}' "
                f"(code {sizes.code}, model {sizes.image}, variables {sizes.static}, stack {sizes.stack}, "
                f"arena {sizes.arena})"
            )
    if sizes.stack_bound is not None and sizes.stack_bound.bytes > sizes.stack:
        raise BoardError(
            f"the stack does not fit {board.name}: {sizes.stack_bound.bytes} of {sizes.stack} bytes, by "
            f"{' > '.join(sizes.stack_bound.path)}; raise memory.stack_bytes in {board.source}"
        )
