"""Building the firmware for one model and one board."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .board import Board, BoardError, Slots
from .boot import finish_boot_block
from .elf import Elf, read_elf
from .generated import host_image_room, write_model
from .kernels import CompileFiles, kernel_files
from .linker import linker_script
from .mlperf_tiny import MlperfTiny
from .objects import compile_all, headers_digest
from .sizes import RegionUse, Sizes, measure, refuse_early, refuse_late, region_uses
from .slots import Updatable, slots_address, without_slots
from .sources import source_root
from .stack import Part, StackBound, stack_bound
from .toolchain import Compiler, find_compiler

_WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror")
# As for the host's library: a fused multiply-add would round differently.
_ARITHMETIC = ("-ffp-contract=off", "-fno-math-errno")
_SERVER = ("firmware/main.c", "firmware/server.c", "firmware/frame.c")
_MLPERF_TINY = ("firmware/mlperf_tiny.c",)
_UPDATES = ("update", "slots", "image_check", "ed25519", "sha512")
# Of core, what a firmware has.
SESSION = "core/run.c"
# runtime_c/core/image.h.
_IMAGE_MAGIC = 0x544C5249
# What a Cortex-M puts on the stack when it faults: 26 words with floating point, and one to align.
_EXCEPTION_FRAME = 108
_IMAGE_ALIGNMENT = 64  # runtime_c/firmware/model.h


@dataclass(frozen=True)
class Firmware:
    """A built program: `path` of its ELF file, its sizes, and how much of each of the board's regions it uses."""

    path: Path
    board: Board
    sizes: Sizes
    regions: tuple[RegionUse, ...]
    elf: Elf


@dataclass(frozen=True)
class _Objects:
    server: list[Path]
    session: Path
    kernels: list[Path]


def build(
    image: bytes,
    kernels: Sequence[str],
    board: Board,
    out_dir: str | os.PathLike[str],
    *,
    model_name: str = "",
    signatures: Sequence[str] = (),
    fast: int = 0,
    mlperf_tiny: MlperfTiny | None = None,
    updatable: Updatable | None = None,
) -> Firmware:
    """Compiles and links the firmware that runs one model.

    Args:
        image: self-contained plan images whose kernel numbers index `kernels`, joined by `join_images`: one for each
            signature (b"" for firmware without a model).
        kernels: names of the kernel functions, without their `rlt_` prefix.
        out_dir: gets firmware.elf, replaced only when the build has succeeded.
        model_name: what the device calls its model, at most 63 bytes. signatures: the names of its signatures.
        fast: bytes at the arena's end that lie in the board's fast memory (`MemoryMap.fast`).
        mlperf_tiny: the firmware also answers this benchmark's runner.
        updatable: the firmware has slots for models, of which the first holds this one's instead of `image` (b"").

    Raises:
        BoardError: the compiler is missing or fails, a kernel is unknown, or the program does not fit the board (the
            text has the numbers).
    """
    arena, whole = _arena_bytes(image), board
    if updatable is not None:
        arena, board = max(arena, updatable.content.arena_bytes), without_slots(board, updatable.slots)
    refuse_early(board, len(image), arena - fast)
    compiler = find_compiler(board.toolchain)
    root = source_root()
    extra = (*(_MLPERF_TINY if mlperf_tiny else ()), *(_update_sources(updatable.slots) if updatable else ()))
    objects = _compile(compiler, root, board, kernels, extra, updatable)
    bound = _stack_bound(objects, kernels, mlperf_tiny is not None) if compiler.bare else None
    board = _with_stack(board, bound)
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        own = write_model(
            Path(scratch), image, arena, fast, kernels, board, model_name, signatures, mlperf_tiny, updatable
        )
        parts = [*own, *objects.server, objects.session, *objects.kernels]
        linked = _link(compiler, root, board, parts, Path(scratch), updatable)
        elf = read_elf(linked.read_bytes())
        sizes = measure(board, elf, arena, bound, host_image_room(board, updatable))
        regions = region_uses(board, elf)
        refuse_late(board, sizes, regions)
        path = out / "firmware.elf"
        os.replace(linked, path)
        flash_file(path).unlink(missing_ok=True)
    return Firmware(path, whole, sizes, regions, elf)


def _with_stack(board: Board, bound: StackBound | None) -> Board:
    """The board with the stack that the program needs, where board.toml leaves that open."""
    if board.memory is None or bound is None or board.memory.stack_bytes:
        return board
    needed = bound.bytes + _EXCEPTION_FRAME
    return replace(board, memory=replace(board.memory, stack_bytes=needed + -needed % 16))


def flash_file(program: Path) -> Path:
    """The file that stands for the flash of an updatable program in an emulator: it lies beside it, and a new build
    begins a new one."""
    return program.resolve().with_suffix(".flash")


def source_compiler(compiler: Compiler, root: Path, board: Board, updatable: Updatable | None = None) -> CompileFiles:
    """What compiles C files of `root` for a board, with the flags that each is due."""
    common = (*_WARNINGS, *_ARITHMETIC, "-ffunction-sections", "-fdata-sections", *board.flags)
    graph = ("-fcallgraph-info=su",) if compiler.bare else ()
    headers = headers_digest(root)
    own = [*_defines(board), *_update_defines(updatable)]

    def defines_for(file: Path) -> list[str]:
        """Kernels know nothing of the board: boards with the same core share their objects."""
        return own if file.parent.name == "firmware" or root / "port" in file.parents else []

    def compile_files(files: Sequence[Path]) -> list[Path]:
        units = [(file, (*common, *defines_for(file), *_optimization(file, root), *graph)) for file in files]
        return compile_all(compiler, units, headers, _include(compiler, root))

    return compile_files


def _compile(
    compiler: Compiler,
    root: Path,
    board: Board,
    kernels: Sequence[str],
    extra: Sequence[str],
    updatable: Updatable | None,
) -> _Objects:
    compile_files = source_compiler(compiler, root, board, updatable)
    session, *server = compile_files([root / SESSION, *_sources(root, board, extra)])
    return _Objects(server, session, [file.object for file in kernel_files(root, kernels, board.isa, compile_files)])


def _link(
    compiler: Compiler, root: Path, board: Board, parts: Sequence[Path], work: Path, updatable: Updatable | None
) -> Path:
    """The program, in `work`."""
    linked = work / "firmware.elf"
    include = [f"-I{p}" for p in (root, *_include(compiler, root))]
    defines = [*_defines(board), *_update_defines(updatable)]
    flags = [*compiler.flags, *_WARNINGS, *board.flags, *defines, *include, "-Wl,--gc-sections"]
    compiler.run([*flags, *map(str, parts), *_layout(board, work, updatable), "-o", str(linked)])
    if board.boot:
        linked.write_bytes(finish_boot_block(board.boot, linked.read_bytes()))
    return linked


def _include(compiler: Compiler, root: Path) -> list[Path]:
    return [root / "include", *([root / "port" / "include"] if compiler.bare else [])]


def _layout(board: Board, work: Path, updatable: Updatable | None) -> list[str]:
    if board.memory is None:
        return ["-lm"]
    slots = None
    if updatable is not None:
        slots = (slots_address(board), slots_address(board) + updatable.slots.slot_bytes)
    script = work / "board.ld"
    script.write_text(linker_script(board.memory, slots), "utf-8")
    # What does not fit is refused by us, with more to say than the linker has.
    return [f"-T{script}", "-Wl,--no-warn-rwx-segments", "-Wl,--no-check-sections", "-Wl,--build-id=none", "-lgcc"]


def join_images(images: Sequence[bytes]) -> bytes:
    """Plan images one behind the other, as the firmware finds them (runtime_c/firmware/model.h)."""
    padded = [image + bytes(-len(image) % _IMAGE_ALIGNMENT) for image in images[:-1]]
    return b"".join([*padded, *images[-1:]])


def _arena_bytes(image: bytes) -> int:
    """Of the image that needs most."""
    arena, at = 64, 0
    while at < len(image):
        words = [int.from_bytes(image[at + i : at + i + 4], "little") for i in range(0, 20, 4)]
        if len(image) - at < 64 or words[0] != _IMAGE_MAGIC or words[2] > len(image) - at:
            raise BoardError("not a plan image: prepare the model again")
        arena = max(arena, words[4])
        at += words[2] + -words[2] % _IMAGE_ALIGNMENT
    return arena


def _sources(root: Path, board: Board, extra: Sequence[str]) -> list[Path]:
    """The protocol server and the board's port."""
    files = [*_SERVER, *extra]
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
    return [root / file for file in files]


def _update_sources(slots: Slots) -> list[str]:
    drivers = [slots.kind, *(["nor_file"] if slots.kind.startswith("file_") else [])]
    return [*(f"firmware/{name}.c" for name in _UPDATES), *(f"port/flash/{name}.c" for name in drivers)]


def _update_defines(updatable: Updatable | None) -> list[str]:
    if updatable is None:
        return []
    slots = updatable.slots
    values = {"PORT_FLASH_PAGE_BYTES": slots.page_bytes, "PORT_FLASH_WRITE_BYTES": slots.write_bytes}
    return ["-DFW_UPDATABLE=1", *(f"-D{name}={value}u" for name, value in values.items())]


def _optimization(file: Path, root: Path) -> tuple[str, ...]:
    if file == root / "port" / "libc.c":
        return ("-O2", "-fno-tree-loop-distribute-patterns")
    return ("-O2",) if root / "kernels" in file.parents else ("-Os",)


def _defines(board: Board) -> list[str]:
    values = {**board.defines, "FW_BODY_BYTES": board.body_bytes}
    values |= {"FW_FAST_ARENA": 1} if board.memory is not None and board.memory.fast is not None else {}
    values |= {"PORT_CLOCK_HZ": board.clock_hz} if board.clock_hz else {}
    if board.uart is not None and board.ticks is not None:
        values |= {"PORT_UART": board.uart.address, "PORT_UART_CLOCK_HZ": board.uart.hz, "PORT_BAUD": board.baud}
        values |= {"PORT_TICKS": board.ticks.address, "PORT_TICK_HZ": board.ticks.hz}
        pins = {"INTERRUPT": board.uart.interrupt, "TX": board.uart.tx, "RX": board.uart.rx}
        pins["FUNCTION"] = board.uart.function
        values |= {f"PORT_UART_{name}": value for name, value in pins.items() if value is not None}
    return [f"-D{name}={value:#x}u" for name, value in values.items()]


_RUNS_KERNELS = "rlt_strips"  # the one kernel that calls others


def _stack_bound(objects: _Objects, kernels: Sequence[str], answers_text: bool) -> StackBound:
    def graphs(made: Sequence[Path]) -> list[str]:
        return [g.read_text("utf-8") for o in made if (g := o.with_suffix(".ci")).is_file()]

    functions = [f"rlt_{k}" for k in kernels]
    made = graphs(objects.kernels)
    callers = [graph for graph in made if f'title: "{_RUNS_KERNELS}"' in graph]
    parts = [
        Part(graphs(objects.server), ["port_write", *(["mlperf_tiny_byte"] if answers_text else [])]),
        Part(graphs([objects.session]), functions),
        Part(callers, [f for f in functions if f != _RUNS_KERNELS]),
        Part([graph for graph in made if graph not in callers], None, functions),
    ]
    try:
        # Reset handlers are assembly that jumps to one of these, of which a call graph knows nothing.
        return stack_bound(parts, ["core_start", "bare_start"])
    except ValueError as problem:
        raise BoardError(f"the firmware's stack has no bound: {problem}") from problem
