"""`rillet boards`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .common import bytes_text, example, json_option, print_json, print_table


@click.command("boards")
@click.argument("name", required=False)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also look for boards here, in a folder each; the variable RILLET_BOARDS does it for all commands.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of board.toml.")
@click.option("--keys", is_flag=True, help="List the keys of board.toml.")
@json_option
@example("rillet boards mps2-an386")
def command(name: str | None, folders: tuple[Path, ...], schema: bool, keys: bool, as_json: bool) -> None:
    """List boards and where each was really tried, or show what board NAME (or a board.toml) is."""
    from ..boards import board_names, load_board
    from ..boards.catalogue import FOLDERS_VARIABLE
    from ..boards.runners import runners_of
    from ..boards.schema import board_schema, described

    if schema:
        print_json(board_schema())
        return
    if keys:
        print_table(["key", "must be", "meaning"], described())
        return
    if folders:
        listed = [str(f) for f in folders] + [os.environ.get(FOLDERS_VARIABLE, "")]
        os.environ[FOLDERS_VARIABLE] = os.pathsep.join(filter(None, listed))
    boards = [load_board(n) for n in ([name] if name else board_names())]
    if as_json:
        print_json(boards[0] if name else boards)
        return
    rows = []
    for board in boards:
        memory = board.memory
        ram = {r.name: r.bytes for r in (memory.data, memory.arena)}.values() if memory else ()
        flash = {r.name: r.bytes for r in (memory.code, memory.constants, memory.image)}.values() if memory else ()
        rows.append(
            [
                board.name,
                board.core,
                bytes_text(sum(ram)) if memory else "",
                bytes_text(sum(flash)) if memory else "",
                board.flash.runner,
                board.tried,
                board.description,
            ]
        )
    print_table(["board", "core", "RAM", "flash", "runner", "tried", "what it is"], rows, right=(2, 3))
    if any(board.tried == "register model" for board in boards):
        click.echo("register model: started on an emulated processor with a model of its registers, not seen running")
    if name:
        _more(boards[0].memory, runners_of(boards[0]), boards[0].flash.note)


def _more(memory: object, runners: list[str], note: str) -> None:
    from ..boards.board import MemoryMap

    if isinstance(memory, MemoryMap):
        for region in memory.regions:
            click.echo(f"  region {region.name}: {region.kind}, {bytes_text(region.bytes)} at {region.address:#010x}")
    click.echo(f"  runners: {', '.join(runners)}{f' ({note})' if note else ''}")
