"""`rillet flash`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import example, json_option, print_json
from .paths import board_option, firmware_folder_option, tflite_argument


@click.command("flash")
@tflite_argument
@board_option
@click.option("-p", "--port", help="Serial port for --verify, such as /dev/ttyACM0; found by USB identity otherwise.")
@firmware_folder_option
@click.option("--verify", "check", is_flag=True, help="Afterwards prove that the board computes the same numbers.")
@json_option
@example("rillet flash model_int8.tflite -b rpi-pico --verify")
def command(model: Path, board: str, port: str | None, output: Path, check: bool, as_json: bool) -> None:
    """Build firmware with MODEL (.tflite) inside and put it on a board."""
    from ..boards.runner import flash
    from ..boards.target import build_target, prepare_target

    target = prepare_target(model, board)
    done = flash(build_target(target, output))
    if not as_json:
        click.echo(done)
    if not check:
        if as_json:
            print_json({"flashed": done})
        return
    from .verify import report_verification

    report_verification(target, f"serial:{port}" if port else None, 3, as_json)
