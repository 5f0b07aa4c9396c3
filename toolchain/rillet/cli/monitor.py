"""`rillet monitor`."""

from __future__ import annotations

import click

from .common import example, json_option, print_json


@click.command("monitor")
@click.option("-b", "--board", help="Board, for its baud rate and USB identity.")
@click.option("-p", "--port", help="Serial port or pyserial URL; found by the board's USB identity otherwise.")
@click.option("--watch", is_flag=True, help="Keep asking, once a second, until interrupted.")
@json_option
@example("rillet monitor -b rpi-pico -p /dev/ttyACM0")
def command(board: str | None, port: str | None, watch: bool, as_json: bool) -> None:
    """Show what a device says of itself: model, memory, stack high-water mark, state of the line."""
    from ..boards.monitor import watch_device

    for status in watch_device(board, port, watch):
        if as_json:
            print_json(status)
        else:
            click.echo(status.sentence())
