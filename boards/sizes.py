"""How much memory a program uses, read from its ELF file, and whether the board has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .board import Board, BoardError
from .elf import Elf
from .fitting import listed, too_large
from .stack import StackBound


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


def measure(board: Board, elf: Elf, arena: int, bound: StackBound | None, image_room: int = 0) -> Sizes:
    """The sizes of a linked program whose arena is `arena` bytes; image_room: what it keeps in RAM for other images."""

    def size(name: str) -> int:
        section = elf.section(name)
        return section.size if section else 0

    data = size(".data")
    if board.memory is None:
        code, image = size(".text") + size(".rodata"), size(".fw_image") + size(".fw_slots")
        static = data + size(".bss") - arena - image_room
        return Sizes(code, image, code + image + data, static, 0, None, arena, static + arena)
    code, image = size(".boot2") + size(".text") + size(".constants"), size(".image") + size(".slot_0")
    memory = board.memory
    writable = {r.name for r in (memory.data, memory.arena, memory.fast) if r is not None}
    ram = sum(region.used for region in region_uses(board, elf) if region.name in writable)
    static, whole = data + size(".bss"), size(".arena") + size(".fast_arena")
    return Sizes(code, image, code + image + data, static, size(".stack"), bound, whole, ram)


def region_uses(board: Board, elf: Elf) -> tuple[RegionUse, ...]:
    """How much of each of the board's regions a linked program uses, gaps included; nothing for a host process."""
    memory = board.memory
    if memory is None:
        return ()
    homes = {".boot2": memory.code, ".text": memory.code, ".constants": memory.constants, ".image": memory.image}
    homes[".arena"] = memory.arena
    if memory.fast is not None:
        homes[".fast_arena"] = memory.fast
    homes |= dict.fromkeys((".stack", ".data", ".bss"), memory.data)
    ends: dict[str, int] = {r.name: r.address for r in homes.values()}
    for name, region in homes.items():
        section = elf.section(name)
        if section is not None and section.size:
            ends[region.name] = max(ends[region.name], section.address + section.size)
    load, data = elf.symbol("port_data_load"), elf.section(".data")
    if load is not None and data is not None:
        ends[memory.constants.name] = max(ends[memory.constants.name], load.address + data.size)
    totals = {r.name: r for r in homes.values()}
    return tuple(RegionUse(name, end - totals[name].address, totals[name].bytes) for name, end in ends.items())


def refuse_early(board: Board, image: int, arena: int) -> None:
    """Refuses what cannot fit whatever the code's size is; that takes no compiler.

    Raises:
        DoesNotFit: with the numbers, and what would make it fit.
    """
    if board.memory is None:
        return
    wanted: dict[str, list[tuple[str, int]]] = {}
    for what, size, region in (
        ("model", image, board.memory.image),
        ("arena", arena, board.memory.arena),
        *([("stack", board.memory.stack_bytes, board.memory.data)] if board.memory.stack_bytes else []),
    ):
        wanted.setdefault(region.name, []).append((what, size))
    for region in (board.memory.image, board.memory.arena, board.memory.data):
        parts = wanted.get(region.name, [])
        excess = sum(size for _, size in parts) - region.bytes
        if excess > 0:
            used = f"{listed(parts)} of {region.bytes} bytes in region '{region.name}'"
            raise too_large(board, used, region, excess, {"model": image, "arena": arena})


def refuse_late(board: Board, sizes: Sizes, regions: Sequence[RegionUse]) -> None:
    """Refuses a linked program that does not fit.

    Raises:
        DoesNotFit: with the numbers, and what would make it fit. BoardError: the stack is too small.
    """
    for use in regions:
        if use.used > use.total:
            assert board.memory is not None
            m = board.memory
            region = next(r for r in m.regions if r.name == use.name)
            needs = {"model": sizes.image, "arena": sizes.arena, "flash": sizes.code, "ram": sizes.static}
            used = (
                f"{use.used} of {use.total} bytes in region '{use.name}' (code {sizes.code}, model {sizes.image}, "
                f"variables {sizes.static}, stack {sizes.stack}, arena {sizes.arena})"
            )
            raise too_large(board, used, region, use.used - use.total, needs)
    if sizes.stack_bound is not None and sizes.stack_bound.bytes > sizes.stack:
        raise BoardError(
            f"the stack does not fit {board.name}: {sizes.stack_bound.bytes} of {sizes.stack} bytes, by "
            f"{' > '.join(sizes.stack_bound.path)}; raise memory.stack_bytes in {board.source}"
        )
