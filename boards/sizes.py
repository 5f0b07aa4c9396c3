"""How much memory a program uses, read from its ELF file, and whether the board has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .board import Board, BoardError
from .elf import Elf
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
    writable = {board.memory.data.name, board.memory.arena.name}
    ram = sum(region.used for region in region_uses(board, elf) if region.name in writable)
    return Sizes(
        code, image, code + image + data, data + size(".bss"), size(".stack"), bound, size(".arena"), ram
    )  # fmt: skip


def region_uses(board: Board, elf: Elf) -> tuple[RegionUse, ...]:
    """How much of each of the board's regions a linked program uses, gaps included; nothing for a host process."""
    memory = board.memory
    if memory is None:
        return ()
    homes = {".boot2": memory.code, ".text": memory.code, ".constants": memory.constants, ".image": memory.image}
    homes[".arena"] = memory.arena
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
        BoardError: with the numbers.
    """
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


def refuse_late(board: Board, sizes: Sizes, regions: Sequence[RegionUse]) -> None:
    """Refuses a linked program that does not fit.

    Raises:
        BoardError: with the numbers.
    """
    for region in regions:
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
