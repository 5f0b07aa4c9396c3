"""`rillet boards`."""

from __future__ import annotations

import click

from .common import bytes_text, example, json_option, print_json, print_table


@click.command("boards")
@click.argument("name", required=False)
@json_option
@example("rillet boards mps2-an386")
def command(name: str | None, as_json: bool) -> None:
    """List boards, or show what board NAME (or a board.toml) is."""
    from ..boards import board_names, load_board

    boards = [load_board(n) for n in ([name] if name else board_names())]
    if as_json:
        print_json(boards[0] if name else boards)
        return
    rows = []
    for board in boards:
        memory = board.memory
        rows.append(
            [
                board.name,
                board.core,
                bytes_text(memory.arena.bytes) if memory else "",
                bytes_text(memory.image.bytes) if memory else "",
                board.flash.runner,
                board.description,
            ]
        )
    print_table(["board", "core", "RAM", "flash", "runner", "what it is"], rows, right=(2, 3))
    memory = boards[0].memory
    if name and memory is not None:
        for region in {r.name: r for r in (memory.code, memory.data, memory.image, memory.arena)}.values():
            click.echo(f"  region {region.name}: {region.kind}, {bytes_text(region.bytes)} at {region.address:#010x}")
