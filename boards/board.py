"""A board as data: board.toml, read and checked. schema.json describes every key."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ir import RilletError
from .schema import board_schema, checked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class BoardError(RilletError):
    """A board is unknown or its file is wrong, or a build for it cannot be made; the text says where and what to do."""


@dataclass(frozen=True)
class Region:
    """A range of memory. speed: relative cost of an access, 1 the fastest; kind: "ram" or "flash"; file_address: where
    flashing tools write what is stored here."""

    name: str
    address: int
    bytes: int
    kind: str
    speed: int
    file_address: int


# Room for the firmware's variables beside a fast arena, where board.toml does not say how large that may be.
_VARIABLES = 8192


@dataclass(frozen=True)
class MemoryMap:
    """Which region holds what: `code`, `constants`, `image` (the model), `data` (variables, stack), `arena`.

    stack_bytes: 0 for what a program's calls can reach.
    fast: where up to `fast_bytes` of the arena lie instead, the busiest tensors and scratch; None: nowhere.
    """

    code: Region
    constants: Region
    image: Region
    data: Region
    arena: Region
    stack_bytes: int
    fast: Region | None = None
    fast_bytes: int = 0

    @property
    def regions(self) -> tuple[Region, ...]:
        """All of them, each once."""
        used = (self.code, self.constants, self.image, self.data, self.arena, *([self.fast] if self.fast else []))
        return tuple({region.name: region for region in used}.values())


@dataclass(frozen=True)
class Peripheral:
    """A driver's kind (the name of its C file) with the address and clock it is compiled for."""

    kind: str
    address: int
    hz: int


@dataclass(frozen=True)
class Uart(Peripheral):
    """A UART. interrupt: its number, None to poll; tx, rx, function: of its pins, where its driver does not know them
    itself."""

    interrupt: int | None = None
    tx: int | None = None
    rx: int | None = None
    function: int | None = None


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
    """How a program gets onto the board: `runner` by default; `options` of each runner that fits, by its name; `note`:
    what a person has to do first."""

    runner: str
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Slots:
    """Flash that firmware can write, for two models: see docs/updates.md.

    kind: of its driver (the name of its C file); page_bytes: what is erased at once; write_bytes: what is written at
    once, at least; slot_bytes: size of one slot. Both lie at the end of the memory region `image`.
    """

    kind: str
    page_bytes: int
    write_bytes: int
    slot_bytes: int


@dataclass(frozen=True)
class Board:
    """One board. `memory`, `uart` and `ticks` are None for a board that is an operating system's process.

    tried: where its firmware has really run: "hardware", "emulator", "register model" or "only built".
    """

    name: str
    description: str
    core: str
    clock_hz: int
    tried: str
    toolchain: str
    flags: tuple[str, ...]
    isa: tuple[str, ...]
    start: str
    clock: str
    boot: str
    defines: Mapping[str, int]
    body_bytes: int
    memory: MemoryMap | None
    uart: Uart | None
    baud: int
    usb_ids: tuple[str, ...]
    ticks: Peripheral | None
    emulator: Emulator | None
    flash: Flash
    slots: Slots | None
    source: str = field(compare=False)

    @property
    def instructions_per_tick(self) -> float | None:
        """Executed instructions per tick of the counter under emulation; None where ticks are time (or instructions
        already)."""
        if self.emulator is None or self.ticks is None or not self.ticks.hz:
            return None
        return 1e9 / self.ticks.hz / float(1 << self.emulator.icount_shift)


def parse_board(text: str, name: str, source: str) -> Board:
    """A board from the text of its board.toml. `source` is what errors call the file. Raises BoardError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BoardError(f"{source}: not valid TOML: {problem}") from problem
    try:
        return _board(checked(content, board_schema(), source), name, source)
    except ValueError as problem:
        raise BoardError(str(problem)) from problem


def runner_names() -> list[str]:
    """Every way of flashing that a board.toml can name."""
    keys: dict[str, Any] = board_schema()["properties"]["flash"]["properties"]
    return [name for name, entry in keys.items() if "properties" in entry]


def _board(top: dict[str, Any], name: str, source: str) -> Board:
    build = top["build"]
    native = build["toolchain"] == "native"
    for table in () if native else ("memory", "uart", "ticks"):
        if table not in top:
            raise ValueError(f"{source}: {table}: missing; it must be a table")
    uart = {} if native else top["uart"]
    return Board(
        name=name,
        description=top["description"],
        core=top["core"],
        clock_hz=top["clock_hz"],
        tried=top["tried"],
        toolchain=build["toolchain"],
        flags=tuple(build["flags"]),
        isa=tuple(build["isa"]),
        start=build["start"],
        clock=build["clock"],
        boot=build["boot"],
        defines=build["defines"],
        body_bytes=build.get("frame_body_bytes", 16384 if native else 1024),
        memory=None if native else _memory(top["memory"], f"{source}: memory."),
        uart=None if native else _uart(uart),
        baud=uart.get("baud", 115200),
        usb_ids=tuple(uart.get("usb_ids", ())),
        ticks=None if native else Peripheral(top["ticks"]["kind"], top["ticks"]["address"], top["ticks"]["hz"]),
        emulator=_emulator(top["emulator"], source) if "emulator" in top else None,
        flash=_flash(top["flash"], "emulator" in top, source),
        slots=_slots(top["slots"], source) if "slots" in top else None,
        source=source,
    )


def _uart(table: dict[str, Any]) -> Uart:
    pins = (table.get(key) for key in ("interrupt", "tx", "rx", "function"))
    return Uart(table["kind"], table["address"], table["clock_hz"], *pins)


def _memory(table: dict[str, Any], place: str) -> MemoryMap:
    regions: dict[str, Region] = {}
    for name, entry in table["regions"].items():
        at = entry["address"]
        region = Region(name, at, entry["bytes"], entry["kind"], entry["speed"], entry.get("file_address", at))
        if at + region.bytes > 1 << 32:
            raise ValueError(f"{place}regions.{name}.bytes: the region ends beyond 32 bits of address")
        for other in regions.values():
            if at < other.address + other.bytes and other.address < at + region.bytes:
                raise ValueError(f"{place}regions.{name}.address: overlaps region '{other.name}'")
        regions[name] = region

    def region_of(key: str, default: str = "") -> Region:
        chosen = table.get(key, default)
        if chosen not in regions:
            raise ValueError(f"{place}{key}: '{chosen}' is none of {', '.join(regions)}")
        if key in ("data", "arena", "fast_arena") and regions[chosen].kind == "flash":
            raise ValueError(f"{place}{key}: region '{chosen}' is flash and cannot be written while running")
        return regions[chosen]

    code, data = region_of("code"), region_of("data")
    constants = region_of("constants", code.name)
    image, arena = region_of("image", constants.name), region_of("arena", data.name)
    if "fast_arena" not in table:
        return MemoryMap(code, constants, image, data, arena, table["stack_bytes"])
    fast = region_of("fast_arena")
    if fast is arena:
        raise ValueError(f"{place}fast_arena: is the region of the arena itself")
    room = table.get("fast_arena_bytes", fast.bytes - (table["stack_bytes"] + _VARIABLES if fast is data else 0))
    if not 0 < room <= fast.bytes:
        raise ValueError(f"{place}fast_arena_bytes: {room} of the {fast.bytes} bytes of region '{fast.name}'")
    return MemoryMap(code, constants, image, data, arena, table["stack_bytes"], fast, room)


def _emulator(table: dict[str, Any], source: str) -> Emulator:
    if not any("{program}" in word for word in table["command"]):
        raise ValueError(f"{source}: emulator.command: no word holds {{program}}, where the built file's path goes")
    return Emulator(tuple(table["command"]), table["icount_shift"], table["package"])


def _flash(table: dict[str, Any], emulated: bool, source: str) -> Flash:
    options = {name: entry for name, entry in table.items() if isinstance(entry, dict)}
    runner = table["runner"]
    known = runner_names()
    if runner not in known:
        raise ValueError(f"{source}: flash.runner: '{runner}' is none of {', '.join(known)}")
    if runner == "emulator" and not emulated:
        raise ValueError(f"{source}: flash.runner is 'emulator', but there is no [emulator]")
    if runner != "emulator" and runner not in options:
        raise ValueError(f"{source}: flash.{runner}: missing; runner '{runner}' needs this table")
    return Flash(runner, options, table["note"])


def _slots(table: dict[str, Any], source: str) -> Slots:
    slots = Slots(**table)
    if 256 % slots.write_bytes:
        raise ValueError(f"{source}: slots.write_bytes: must be a power of two, at most 256, not {slots.write_bytes}")
    if slots.slot_bytes % slots.page_bytes:
        raise ValueError(f"{source}: slots.slot_bytes: must be a multiple of page_bytes, {slots.page_bytes}")
    return slots
