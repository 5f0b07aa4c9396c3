"""What to do with a model that does not fit its board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .board import Board, BoardError, Region
from .catalogue import board_names, load_board

_NAMED = 4


class DoesNotFit(BoardError):
    """A model is too large for a board; the text has the numbers, and names boards that have the room."""


def too_large(board: Board, used: str, region: Region, excess: int, needs: Mapping[str, int]) -> DoesNotFit:
    """The refusal of a model.

    Args:
        used: what is used of what there is, for people; excess: bytes too many in `region`.
        needs: the sizes in bytes of "model" and "arena", and of all else in flash and RAM as "flash" and "ram".
    """
    what, size = ("model", needs["model"]) if region.kind == "flash" else ("arena", needs["arena"])
    most = size - excess
    limit = f"an {what}" if what == "arena" else f"a {what}"
    would = f"{limit} of at most {most:,} bytes would fit" if most > 0 else f"no {what} would fit beside the rest"
    others = boards_with_room(board, needs)
    rooms = f"boards with the room: {', '.join(others)}" if others else "no board that rillet knows has the room"
    return DoesNotFit(f"the model does not fit {board.name}: {used}, {excess:,} too many; {would}; {rooms}")


def boards_with_room(board: Board, needs: Mapping[str, int]) -> list[str]:
    """Boards that could hold it, the smallest first, other than `board` and host processes."""
    found: list[tuple[int, str]] = []
    for other in map(load_board, board_names()):
        memory = other.memory
        if memory is None or other.name == board.name:
            continue
        wanted: dict[str, int] = {}
        for size, region in (
            (needs.get("model", 0), memory.image),
            (needs.get("flash", 0), memory.code),
            (needs.get("arena", 0), memory.arena),
            (memory.stack_bytes + needs.get("ram", 0), memory.data),
        ):
            wanted[region.name] = wanted.get(region.name, 0) + size
        regions = {r.name: r for r in (memory.image, memory.code, memory.arena, memory.data)}
        if all(wanted[name] <= region.bytes for name, region in regions.items()):
            found.append((sum(r.bytes for r in regions.values()), other.name))
    return [name for _, name in sorted(found)[:_NAMED]]


def listed(parts: Sequence[tuple[str, int]]) -> str:
    """`model 1000 + stack 2048`."""
    return " + ".join(f"{what} {size}" for what, size in parts)
