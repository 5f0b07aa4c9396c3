"""A board as data: board.toml, read and checked. docs/adding-a-board.md describes every key."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ..ir import RilletError
from .table import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class BoardError(RilletError):
    """A board is unknown or its file is wrong, or a build for it cannot be made; the text says where and what to do."""


@dataclass(frozen=True)
class Region:
    """A range of memory. speed: relative cost of an access, 1 the fastest; kind: "ram" or "flash"."""

    name: str
    address: int
    bytes: int
    kind: str
    speed: int


@dataclass(frozen=True)
class MemoryMap:
    """Which region holds what: `code` (and constants), `image` (the model), `data` (variables, stack), `arena`."""

    code: Region
    image: Region
    data: Region
    arena: Region
    stack_bytes: int


@dataclass(frozen=True)
class Peripheral:
    """A driver's kind (the name of its C file) with the address, clock and interrupt number it is compiled for."""

    kind: str
    address: int
    hz: int
    interrupt: int | None = None


@dataclass(frozen=True)
class Emulator:
    """A command line that runs a program. `{program}` stands for the built file.

    icount_shift: the emulated clock advances by 2^shift nanoseconds per instruction; package: what to install.
    """

    command: tuple[str, ...]
    icount_shift: int
    package: str


@dataclass(frozen=True)
class Flash:
    """How a program gets onto the board: `runner` "emulator", "uf2" or "command"."""

    runner: str
    command: tuple[str, ...] = ()
    package: str = ""
    uf2_family: int = 0
    volume: str = ""


@dataclass(frozen=True)
class Board:
    """One board. `memory`, `uart` and `ticks` are None for a board that is an operating system's process."""

    name: str
    description: str
    core: str
    clock_hz: int
    toolchain: str
    flags: tuple[str, ...]
    isa: tuple[str, ...]
    start: str
    clock: str
    boot: str
    defines: Mapping[str, int]
    body_bytes: int
    memory: MemoryMap | None
    uart: Peripheral | None
    baud: int
    usb_ids: tuple[str, ...]
    ticks: Peripheral | None
    emulator: Emulator | None
    flash: Flash
    source: str = field(compare=False)

    @property
    def instructions_per_tick(self) -> float | None:
        """Executed instructions per tick of the counter under emulation; None where ticks are time (or instructions
        already)."""
        if self.emulator is None or self.ticks is None or not self.ticks.hz:
            return None
        return 1e9 / self.ticks.hz / float(1 << self.emulator.icount_shift)


def board_names() -> list[str]:
    """The boards that come with rillet."""
    return sorted(e.name for e in _folder().iterdir() if e.is_dir() and (e / "board.toml").is_file())


def load_board(name: str) -> Board:
    """The board of that name, or from that board.toml or folder that holds one.

    Raises:
        BoardError: no such board, or its file is wrong; the text names file and key.
    """
    path = Path(name)
    if path.suffix == ".toml" or (path / "board.toml").is_file():
        path = path / "board.toml" if path.is_dir() else path
        try:
            return parse_board(path.read_text("utf-8"), path.resolve().parent.name, str(path))
        except OSError as problem:
            raise BoardError(f"cannot read {path}: {problem.strerror}") from problem
    if name not in board_names():
        raise BoardError(f"no board '{name}'; there are {', '.join(board_names())}, or give the path of a board.toml")
    file = _folder() / name / "board.toml"
    return parse_board(file.read_text("utf-8"), name, str(file))


def parse_board(text: str, name: str, source: str) -> Board:
    """A board from the text of its board.toml. `source` is what errors call the file. Raises BoardError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BoardError(f"{source}: not valid TOML: {problem}") from problem
    try:
        return _board(Table(content, source), name, source)
    except ValueError as problem:
        raise BoardError(str(problem)) from problem


def _board(top: Table, name: str, source: str) -> Board:
    build = top.table("build")
    native = build.text("toolchain") == "native"
    uart, ticks = (None, None) if native else (top.table("uart"), top.table("ticks"))
    board = Board(
        name=name,
        description=top.text("description"),
        core=top.text("core"),
        clock_hz=top.integer("clock_hz", 0),
        toolchain=build.text("toolchain"),
        flags=build.texts("flags"),
        isa=build.texts("isa", ("scalar",)),
        start=build.text("start"),
        clock=build.text("clock", "reset"),
        boot=build.text("boot", ""),
        defines=build.integers("defines"),
        body_bytes=build.integer("frame_body_bytes", 16384 if native else 1024, low=256, high=65532),
        memory=None if native else _memory(top.table("memory")),
        uart=_peripheral(uart, "clock_hz"),
        baud=uart.integer("baud", 115200, low=1) if uart else 115200,
        usb_ids=uart.texts("usb_ids", ()) if uart else (),
        ticks=_peripheral(ticks, "hz"),
        emulator=_emulator(top.table("emulator")) if "emulator" in top else None,
        flash=_flash(top.table("flash")),
        source=source,
    )
    if board.flash.runner == "emulator" and board.emulator is None:
        raise ValueError(f"{source}: flash.runner is 'emulator', but there is no [emulator]")
    for table in (uart, ticks, build, top):
        if table:
            table.finish()
    return board


def _peripheral(table: Table | None, rate_key: str) -> Peripheral | None:
    if table is None:
        return None
    interrupt = table.integer("interrupt", high=1023) if "interrupt" in table else None
    return Peripheral(table.text("kind"), table.integer("address", 0), table.integer(rate_key, 0), interrupt)


def _memory(table: Table) -> MemoryMap:
    regions: dict[str, Region] = {}
    listed = table.table("regions")
    for name in listed.names():
        entry = listed.table(name)
        region = Region(
            name,
            entry.integer("address"),
            entry.integer("bytes", low=1),
            entry.choice("kind", ("ram", "flash"), "ram"),
            entry.integer("speed", 1, low=1),
        )
        if region.address + region.bytes > 1 << 32:
            raise ValueError(f"{entry.place('bytes')}: the region ends beyond 32 bits of address")
        entry.finish()
        for other in regions.values():
            if region.address < other.address + other.bytes and other.address < region.address + region.bytes:
                raise ValueError(f"{entry.place('address')}: overlaps region '{other.name}'")
        regions[name] = region

    def region_of(key: str, default: str | None = None) -> Region:
        chosen: Region = regions[table.choice(key, tuple(regions), default)]
        if key in ("data", "arena") and chosen.kind == "flash":
            raise ValueError(f"{table.place(key)}: region '{chosen.name}' is flash and cannot be written while running")
        return chosen

    code, data = region_of("code"), region_of("data")
    memory = MemoryMap(
        code,
        region_of("image", code.name),
        data,
        region_of("arena", data.name),
        table.integer("stack_bytes", 4096, low=256),
    )
    if memory.stack_bytes % 16:
        raise ValueError(f"{table.place('stack_bytes')}: must be a multiple of 16")
    table.finish()
    return memory


def _emulator(table: Table) -> Emulator:
    emulator = Emulator(
        table.texts("command"), table.integer("icount_shift", 0, low=0, high=10), table.text("package", "")
    )
    if not any("{program}" in word for word in emulator.command):
        raise ValueError(f"{table.place('command')}: no word holds {{program}}, where the built file's path goes")
    table.finish()
    return emulator


def _flash(table: Table) -> Flash:
    runner = table.choice("runner", ("emulator", "uf2", "command"))
    flash = Flash(
        runner,
        table.texts("command") if runner == "command" else (),
        table.text("package", ""),
        table.integer("uf2_family") if runner == "uf2" else 0,
        table.text("volume") if runner == "uf2" else "",
    )
    table.finish()
    return flash


def _folder() -> Any:
    return resources.files(__package__)
