"""`rillet flash`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import example, json_option, print_json, show_fitting
from .paths import board_option, firmware_folder_option, mlperf_tiny_option, ram_option, tflite_argument
from .updates import build_firmware, flash_model, updatable_options

if TYPE_CHECKING:
    from ..boards import Board


@click.command("flash")
@tflite_argument
@board_option
@click.option("-p", "--port", help="Serial port, such as /dev/ttyACM0; found by USB identity otherwise.")
@click.option("-r", "--runner", help="How to flash; default: the board's own way (`rillet boards BOARD` lists all).")
@ram_option
@firmware_folder_option
@mlperf_tiny_option
@click.option("--verify", "check", is_flag=True, help="Afterwards prove that the board computes the same numbers.")
@click.option("--monitor", is_flag=True, help="Afterwards show what the board says, once a second, until interrupted.")
@click.option("--model-only", is_flag=True, help="Replace the model of --updatable firmware that is on the board.")
@updatable_options
@json_option
@example("rillet flash model_int8.tflite -b rpi-pico --verify")
def command(
    model: Path,
    board: str,
    port: str | None,
    runner: str | None,
    ram: int | None,
    output: Path,
    mlperf_tiny: bool,
    check: bool,
    monitor: bool,
    model_only: bool,
    as_json: bool,
    **update: Any,
) -> None:
    """Build firmware with MODEL (.tflite) inside and put it on a board, or send it only MODEL."""
    from ..boards.monitor import statuses
    from ..boards.reach import device_of
    from ..boards.runners import flash
    from ..boards.target import prepare_target

    target = prepare_target(model, board, ram=ram)
    if target.fitting and not as_json:
        show_fitting(target.fitting)
    if model_only:
        if runner or mlperf_tiny or monitor:
            raise click.UsageError("--model-only goes without --runner, --mlperf-tiny and --monitor")
        flash_model(target, port, output, check=check, as_json=as_json, **update)
        return
    firmware = build_firmware(target, output, mlperf_tiny, **update)
    if target.board.flash.note and runner in (None, target.board.flash.runner):
        click.echo(
            f"{target.board.name}: {target.board.flash.note}", err=True
        )  # some tools wait for that without a word
    done = flash(firmware, runner, port)
    if not as_json:
        click.echo(done)
    elif not check and not monitor:
        print_json({"flashed": done})
    spec = _line(target.board, runner, port)
    if check:
        from .verify import report_verification

        report_verification(target, spec, 3, as_json)
    if monitor:
        with device_of(target, firmware, spec) as device:
            for status in statuses(device, target.board, forever=True, program=firmware.elf):
                if as_json:
                    print_json(status)
                else:
                    click.echo(status.sentence())


def _line(board: Board, runner: str | None, port: str | None) -> str | None:
    """How to reach what was flashed: not over the runner's port, where that is another than the program's."""
    chosen = runner or board.flash.runner
    if chosen == "emulator":
        return f"serial:{port}" if port else None
    return f"serial:{port}" if port and "usb_ids" not in board.flash.options[chosen] else "serial"
