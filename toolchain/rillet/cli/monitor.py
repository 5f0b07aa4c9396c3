"""`rillet monitor`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import example, json_option, print_json
from .paths import ExistingPath


@click.command("monitor")
@click.option("-b", "--board", help="Board, for its baud rate and USB identity.")
@click.option("-p", "--port", help="Serial port or pyserial URL; found by the board's USB identity otherwise.")
@click.option("--watch", is_flag=True, help="Keep asking, once a second, and show what it prints, until interrupted.")
@click.option(
    "--firmware", type=ExistingPath(), help="The program's ELF file (out/firmware.elf): faults name functions."
)
@json_option
@example("rillet monitor -b rpi-pico -p /dev/ttyACM0 --firmware out/firmware.elf")
def command(board: str | None, port: str | None, watch: bool, firmware: Path | None, as_json: bool) -> None:
    """Show what a device says of itself: model, memory, stack high-water mark, state of the line, logs and faults."""
    from ..boards.monitor import watch_device

    for status in watch_device(board, port, watch, firmware):
        if as_json:
            print_json(status)
        else:
            click.echo(status.sentence())
